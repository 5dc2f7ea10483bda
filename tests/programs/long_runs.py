"""A service at an even load that keeps memory in one of several ways: ``python long_runs.py KIND``.

Slow enough that only hours tell: a leak of a few MiB an hour beside buffers that come and go.
"""

import collections
import gc
import random
import sys
import time
from collections.abc import Callable, Iterator

PAUSE_S = 0.05
rng = random.Random(7)
held: collections.deque[object] = collections.deque()


def works() -> None:
    """Buffers of one request, given back at its end."""
    buffers = [bytearray(rng.randrange(100, 60_000)) for _ in range(20)]
    del buffers


def leaks() -> Iterator[None]:
    """A list that nobody empties: about 60 bytes a request, and some that are larger."""
    while True:
        works()
        held.append(bytearray(rng.choice((16, 32, 120))))
        yield


def leaks_in_cycles() -> Iterator[None]:
    """Cycles that the collector, turned off, never sees."""
    gc.disable()
    while True:
        works()
        cycle: list[object] = [bytearray(64)]
        cycle.append(cycle)
        del cycle
        yield


def fills_a_cache() -> Iterator[None]:
    """A cache of random keys that is bounded, and full within a third of an hour."""
    cache: dict[int, bytearray] = {}
    while True:
        works()
        cache[rng.randrange(20_000)] = bytearray(400)
        yield


def batches() -> Iterator[None]:
    """Jobs that take 30 MiB for a minute, three times an hour at odd moments."""
    until, following, batch = 0.0, time.monotonic() + rng.uniform(100, 1_500), None
    while True:
        works()
        now = time.monotonic()
        if batch is None and now >= following:
            batch, until = bytearray(30 * 2**20), now + 60.0
        elif batch is not None and now >= until:
            batch, following = None, now + rng.uniform(600, 1_800)
        yield


def leaks_rarely() -> Iterator[None]:
    """A rare path, every few minutes, keeps half a megabyte."""
    following = time.monotonic() + rng.uniform(100, 500)
    while True:
        works()
        if time.monotonic() >= following:
            held.append(bytearray(b"x" * 500_000))
            following = time.monotonic() + rng.uniform(200, 500)
        yield


def churns() -> Iterator[None]:
    """A table of a fixed number of entries, each replaced by one of another size: arenas that wander."""
    table = [bytearray(rng.randrange(100, 4_000)) for _ in range(10_000)]
    while True:
        works()
        for _ in range(20):
            table[rng.randrange(len(table))] = bytearray(rng.randrange(100, 4_000))
        yield


KINDS: dict[str, Callable[[], Iterator[None]]] = {
    "leaks": leaks, "leaks_in_cycles": leaks_in_cycles, "leaks_rarely": leaks_rarely, "fills_a_cache": fills_a_cache,
    "batches": batches, "churns": churns,
}  # fmt: skip


def main() -> None:
    print("ready", flush=True)
    for _ in KINDS[sys.argv[1]]():
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    main()
