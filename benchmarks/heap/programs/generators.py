"""Generators that are begun and never finished."""

from innocent import work

OPEN = []


def rows(number):
    page = [str(row) for row in range(number, number + 150)]  # culprit
    yield from page


while True:
    cursor = rows(work())
    next(cursor)
    OPEN.append(cursor)
