"""A chain: each event knows the one before it, and only the last has a name."""

from innocent import work


class Event:
    def __init__(self, before, number):
        self.before = before
        self.body = str(number) * 2_500  # culprit


last = None
while True:
    last = Event(last, work())
