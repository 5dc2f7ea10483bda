"""calloc through a library handle that is opened anew for each request."""

import ctypes

from innocent import work


def allocate(size):
    libc = ctypes.CDLL("libc.so.6")
    libc.calloc.restype = ctypes.c_void_p
    area = libc.calloc(1, size)  # culprit
    ctypes.memset(area, 1, size)


while True:
    work()
    allocate(11_000)
