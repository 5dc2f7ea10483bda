"""mmap of the C library by ctypes, never unmapped."""

import ctypes

from innocent import work

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]


def reserve(size):
    area = libc.mmap(None, size, 3, 0x22, -1, 0)  # culprit
    ctypes.memset(area, 1, size)


while True:
    work()
    reserve(12_288)
