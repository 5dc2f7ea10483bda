"""What ctypes calls past the linker's tables is seen for the while of a window, and goes its own way after it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# In a process of its own: it meddles with functions that the tests' own process may be using.
PROGRAM = """
import ctypes, tracemalloc
from leakdoc.agent import _Detour, _ways_around

libc = ctypes.CDLL(None)
for name in ("malloc", "calloc", "realloc"):
    getattr(libc, name).restype = ctypes.c_void_p
libc.realloc.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
before = libc.malloc(10)
addresses = [ctypes.cast(libc[name], ctypes.c_void_p).value for name in ("malloc", "free")]
original = ctypes.CDLL.__getitem__

ways = _ways_around()
tracemalloc.start(2)
_Detour.begin(ways)
kept = libc.malloc(1_000_000)
fresh = ctypes.CDLL(None)
fresh.calloc.restype = ctypes.c_void_p
zeroes = fresh.calloc(1_000, 2_000)
seen = tracemalloc.get_traced_memory()[0]
kept = libc.realloc(kept, 4_000_000)
libc.free(before)
libc.free(zeroes)
_Detour.end()
later = tracemalloc.get_traced_memory()[0]
untraced = libc.malloc(9_000_000)
print(len(ways), seen > 3_000_000, 4_000_000 < later < 5_000_000, tracemalloc.get_traced_memory()[0] < 5_000_000)
for address in (kept, untraced):
    libc.free(address)
print([ctypes.cast(libc[name], ctypes.c_void_p).value for name in ("malloc", "free")] == addresses)
print(ctypes.CDLL.__getitem__ is original, _Detour.taken == [])
"""


def run(**environment: str) -> str:

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_ctypes_allocates_is_seen_for_the_while_of_a_window() -> None:
    assert run() == "4 True True True\nTrue\nTrue True\n"


@pytest.mark.parametrize("allocator", ["debug", "malloc_debug"])
def test_with_debug_hooks_nothing_is_led_astray(allocator: str) -> None:
    assert run(PYTHONMALLOC=allocator).splitlines() == ["0 False False True", "True", "True True"]
