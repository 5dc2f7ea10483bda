"""A C library's buffers that are never handed back."""

import ctypes

from innocent import work

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]


def encode(size):
    buffer = libc.malloc(size)  # culprit
    libc.memset(buffer, 1, size)


while True:
    work()
    encode(12_000)
