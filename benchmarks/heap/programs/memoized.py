"""An unbounded lru_cache on a method: it keeps its results and every instance."""

import functools

from innocent import work


class Report:
    def __init__(self, number):
        self.number = number

    @functools.cache
    def text(self):
        return "line\n" * 2_000 + str(self.number)  # culprit


while True:
    Report(work()).text()
