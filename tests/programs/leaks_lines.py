"""Leaks in the way that is asked for, beside a bounded cache that turns over; says where the culprit is."""

import ctypes
import inspect
import sys
import time
from collections import OrderedDict

KEPT = {}
RECENT = OrderedDict()
CHAIN = []
libc = ctypes.CDLL(None)
libc.strdup.restype = ctypes.c_void_p
libc.strdup.argtypes = [ctypes.c_char_p]
libc.malloc.restype = ctypes.c_void_p
TEXT = b"x" * 20_000


def cache(number):
    KEPT[number] = "x" * 20_000 + str(number)  # culprit


def error(number):
    body = bytes(20_000)  # culprit
    try:
        raise ValueError(len(body))
    except ValueError as caught:
        CHAIN.append(caught)


def strings(number):
    libc.strdup(TEXT)  # culprit


def buffers(number):
    area = libc.malloc(20_000)  # culprit
    ctypes.memset(area, 1, 20_000)


def turn_over(number):
    RECENT[number] = bytes(10_000)
    if len(RECENT) > 300:
        RECENT.popitem(last=False)


def main():
    leak = {"cache": cache, "error": error, "strings": strings, "buffers": buffers}[sys.argv[1]]
    for number in range(400):
        turn_over(number)
    source, first = inspect.getsourcelines(leak)
    culprit = first + next(at for at, line in enumerate(source) if "# culprit" in line)
    print("ready", flush=True)
    print(culprit, flush=True)
    for number in range(10_000_000):
        leak(number)
        turn_over(1_000 + number)
        time.sleep(0.01)


main()
