"""Assert that calling something keeps nothing: no memory, connections, descriptors, threads or tasks."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from leakdoc.testing.caches import Filling
from leakdoc.testing.called import caller
from leakdoc.testing.captured import Captured
from leakdoc.testing.kept import KeptLine, kept_lines
from leakdoc.testing.pace import Pace, longer_pace
from leakdoc.testing.rounds import MEMORY, Rounds
from leakdoc.testing.sequential import Growing
from leakdoc.units import format_amount

FRAMES: Final = 12  # of each allocation: as deep as libraries commonly are between it and the user's line
WARM_UP_ROUNDS: Final = 3  # imports, caches of the interpreter, first use of a library
MOST_LONGER_ROUNDS: Final = 50  # one that levels off begins anew, and may leak all the same
FEWEST_ROUNDS: Final = 20  # fewer than fifteen decide nothing, and one of them may go down
CALLS: Final = 5  # a round: one call may keep what the next lets go


class Grew(AssertionError):
    """A call keeps something each time; the message names what, how much, and the lines."""

    def __init__(self, message: str, lines: tuple[KeptLine, ...]) -> None:
        super().__init__(message)
        self.lines = lines


def assert_no_growth(fn: Callable[[], Any], *, rounds: int = 200, calls: int = CALLS, warm_up: int = 0) -> None:
    """Call a function round after round until it is decided whether it keeps something; fail if it does.

    Each round ends with a full collection; then memory (its bytes as tracemalloc counts them, and its objects), open
    descriptors, connections, threads and tasks are read, and held against the end of the round before: what is
    allocated in one round and freed in the next is no growth. A channel leaks when a sequential probability ratio test
    (Wald, 1945) on the sign of its change a round says so and it is not levelling off; no threshold in bytes is
    involved. What is said of memory is said again in longer and longer rounds, where the calls are quick enough for
    that: a cache of some ten thousand entries is full by then, and a list whose room is made in steps has grown; caches
    of `functools.lru_cache` with an end that the calls fill are emptied meanwhile. Where there are other threads, it
    has to stop growing in pauses without a call, which take turns with calls.

    Args:
        fn: what to call, without arguments; coroutines that it gives are awaited in one loop.
        rounds: at most so many; a function that is undecided by then passes. Fewer than twenty decide nothing, and
            twenty are made.
        calls: how often it is called a round, at first.
        warm_up: how often it is called before anything is judged, beside the first few times: until a cache that is
            larger, or that slow calls fill, is full.

    Raises:
        Grew: it keeps something; the lines that made it are named.
        TypeError, ValueError, RuntimeError: it cannot be called so.
    """
    __tracebackhide__ = True
    _must_be_counts(rounds=rounds, calls=calls)
    _must_be_counts(least=0, warm_up=warm_up)
    rounds = max(rounds, FEWEST_ROUNDS)
    caches, captured = Filling(), Captured()

    def settle() -> None:
        caches.empty()
        captured.forget()

    with _traced(), caller(fn) as call:
        watched = Rounds(call, settle)
        for _ in range(warm_up):
            call()
        watched.warm_up(WARM_UP_ROUNDS, calls)
        growing = watched.growing(Pace(calls), rounds)
        if growing.keys() <= MEMORY:
            if growing and caches.look():
                watched.warm_up(1, calls)
            longer = longer_pace(watched.seconds_per_call, _suspected(growing))
            if longer is not None:
                growing = watched.growing(longer, min(rounds, MOST_LONGER_ROUNDS))
            growing = watched.made_by_calls(growing)
        if growing:
            raise _grew(growing, kept_lines(list(growing), call, settle), watched.calls)


def _must_be_counts(least: int = 1, **options: int) -> None:
    for name, value in options.items():
        if not isinstance(value, int) or value < least:
            raise ValueError(f"{name}= is a whole number from {least} on, not {value!r}")


def _suspected(growing: dict[str, Growing]) -> float | None:
    if not growing:
        return None
    return growing["memory"].per_call if "memory" in growing else 0.0


def _grew(growing: dict[str, Growing], kept: Iterator[KeptLine], calls: int) -> Grew:
    lines = tuple(kept)
    told = [f"{_amount(name, each.per_call)} a call" for name, each in growing.items()]
    rounds = next(iter(growing.values())).rounds
    places = [f"  {line.file}:{line.line} ({line.words})" for line in lines]
    if growing.keys() <= MEMORY:
        places.append(f"  (a cache that {calls:,} calls do not fill looks the same: fill it first, by warm_up=)")
    return Grew("\n".join([f"each call keeps {', '.join(told)}, in {rounds} rounds", *places]), lines)


def _amount(name: str, value: float) -> str:
    if name == "memory":
        return f"{format_amount(value, 'bytes')} of memory"
    return f"{value:.3g} {name}"  # as the channel is called, also of one: people match it


@contextmanager
def _traced() -> Iterator[None]:
    """Trace allocations for the while; a trace that the user has begun goes on."""
    theirs = tracemalloc.is_tracing()
    gc.collect()
    gc.freeze()  # what is there already need not be walked at each round
    if not theirs:
        tracemalloc.start(FRAMES)
    try:
        yield
    finally:
        gc.unfreeze()
        if not theirs:
            tracemalloc.stop()
