"""A view of the first bytes of each message, which pins the whole of it."""

from innocent import work

HEADERS = []


def receive():
    message = bytearray(10_000)  # culprit
    HEADERS.append(memoryview(message)[:16])


while True:
    work()
    receive()
