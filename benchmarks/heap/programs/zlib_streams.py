"""Decompressors of streams that were never finished, each with its window, by the name of their stream."""

import zlib

from innocent import work

STREAMS = {}
HEAD = zlib.compress(bytes(range(256)) * 200)[:300]


class Stream:
    def __init__(self):
        self.inflate = zlib.decompressobj()

    def feed(self, part):
        return self.inflate.decompress(part)  # culprit


while True:
    number = work()
    STREAMS[number] = Stream()
    STREAMS[number].feed(HEAD)
