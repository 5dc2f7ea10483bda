"""A buffer that is appended to and never flushed."""

from innocent import work


class Spool:
    def __init__(self):
        self.buffer = bytearray()

    def write(self, data):
        self.buffer += data  # culprit


SPOOL = Spool()
while True:
    work()
    SPOOL.write(b"x" * 10_000)
