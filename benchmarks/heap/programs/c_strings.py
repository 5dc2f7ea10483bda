"""strdup without free, behind a wrapper."""

import ctypes

from innocent import work

libc = ctypes.CDLL(None)
libc.strdup.restype = ctypes.c_void_p
libc.strdup.argtypes = [ctypes.c_char_p]
TEXT = b"x" * 9_000


def intern(text):
    return libc.strdup(text)  # culprit


while True:
    work()
    intern(TEXT)
