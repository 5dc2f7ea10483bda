"""Callbacks for later that close over whole payloads."""

from innocent import work

CALLBACKS = []


def schedule(number):
    payload = ["row %d of %d" % (row, number) for row in range(150)]  # culprit
    CALLBACKS.append(lambda: payload[0])


while True:
    schedule(work())
