"""A deque that was meant to be bounded."""

from collections import deque

from innocent import work

SAMPLES = deque()


def sample(number):
    point = {"at": number, "labels": {f"label-{n}-{number}": n for n in range(60)}}  # culprit
    SAMPLES.append(point)


while True:
    sample(work())
