"""Anonymous mappings that stay open because a list has them."""

import mmap

from innocent import work

MAPS = []


def scratch():
    area = mmap.mmap(-1, 16_384)  # culprit
    area.write(b"x" * 16_384)
    MAPS.append(area)


while True:
    work()
    scratch()
