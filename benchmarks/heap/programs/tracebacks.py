"""Errors kept for a report: each keeps its traceback, its frames and their locals."""

from innocent import work

ERRORS = []


def charge(number):
    body = bytes(10_000)  # culprit
    raise ValueError(f"{number} {len(body)}")


while True:
    try:
        charge(work())
    except ValueError as error:
        ERRORS.append(error)
