"""A logger for each request: the logging module keeps them all, with their handlers."""

import logging

from innocent import work


class Remembering(logging.Handler):
    def __init__(self, number):
        super().__init__()
        self.lines = ["line %d of %d" % (line, number) for line in range(120)]  # culprit


def serve(number):
    logger = logging.getLogger(f"request.{number}")
    logger.addHandler(Remembering(number))


while True:
    serve(work())
