"""Assert that calling something keeps nothing: no memory, connections, descriptors, threads or tasks."""

from __future__ import annotations

import asyncio
import gc
import inspect
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from leakdoc.testing.kept import KeptLine, kept_lines
from leakdoc.testing.retained import CHANNELS, counted
from leakdoc.testing.sequential import Growing, Verdict
from leakdoc.units import format_amount

FRAMES: Final = 12  # of each allocation: as deep as libraries commonly are between it and the user's line
WARM_UP_ROUNDS: Final = 3  # imports, caches of the interpreter, first use of a library
CALLS: Final = 5  # a round: one call may keep what the next lets go
SMALL_BYTES: Final = 1024  # a call: the interpreter's and libraries' caches of small values fill by less, and for long
CONFIRMING: Final = 10  # times as many calls fill such a cache, while a leak goes on as before


class Grew(AssertionError):
    """A call keeps something each time; the message names what, how much, and the lines."""

    def __init__(self, message: str, lines: tuple[KeptLine, ...]) -> None:
        super().__init__(message)
        self.lines = lines


def assert_no_growth(fn: Callable[[], Any], *, rounds: int = 200, calls: int = CALLS) -> None:
    """Call a function round after round until it is decided whether it keeps something; fail if it does.

    Each round ends with a full collection; then memory (as tracemalloc counts it), open descriptors, connections,
    threads and tasks are read, and held against the end of the round before: what is allocated in one round and freed
    in the next is no growth. A channel leaks when a sequential probability ratio test (Wald, 1945) on the sign of its
    change a round says so and it is not levelling off; no threshold in bytes is involved.

    Args:
        fn: what to call; it may be a coroutine function, and is then awaited in one loop.
        rounds: at most so many; a function that is undecided by then passes.
        calls: how often it is called a round.

    Raises:
        Grew: it keeps something; the lines that made it are named.
    """
    with _traced(), _caller(fn) as call:
        for _ in range(WARM_UP_ROUNDS):
            _held_after(call, calls)
        growing = _growing(call, rounds, calls)
        if _is_small(growing, calls):
            growing = _growing(call, rounds, calls * CONFIRMING)
            calls *= CONFIRMING
        if growing:
            raise _grew(growing, call, calls)


def _growing(call: Callable[[], Any], rounds: int, calls: int) -> dict[str, Growing]:
    """Call until every channel is decided; return those that grow."""
    channels = {name: Growing() for name in CHANNELS}
    before = _held_after(call, calls)
    for _ in range(rounds):
        held = _held_after(call, calls)
        for name, channel in channels.items():
            channel.add(held[name] - before[name])
        before = held
        verdicts = {channel.verdict() for channel in channels.values()}
        if Verdict.GROWS in verdicts or verdicts == {Verdict.KEEPS_NOTHING}:
            break
    return {name: each for name, each in channels.items() if each.verdict() is Verdict.GROWS}


def _is_small(growing: dict[str, Growing], calls: int) -> bool:
    """Whether all that grows is memory, by so little that it may be a cache of small values that fills."""
    return growing.keys() == {"memory"} and growing["memory"].per_round < SMALL_BYTES * calls


def _held_after(call: Callable[[], Any], calls: int) -> dict[str, float]:
    """Return what each channel holds after some calls and a full collection."""
    for _ in range(calls):
        call()
    gc.collect()
    memory = tracemalloc.get_traced_memory()[0]
    return {"memory": float(memory), **counted()}


def _grew(growing: dict[str, Growing], call: Callable[[], Any], calls: int) -> Grew:
    lines = tuple(kept_lines(list(growing), call))
    told = [f"{_amount(name, each.per_round / calls)} a call" for name, each in growing.items()]
    rounds = next(iter(growing.values())).rounds
    places = [f"  {line.file}:{line.line} ({line.words})" for line in lines]
    head = f"each call keeps {', '.join(told)}, in {rounds} rounds of {calls} calls"
    return Grew("\n".join([head, *places]), lines)


def _amount(name: str, value: float) -> str:
    if name == "memory":
        return f"{format_amount(value, 'bytes')} of memory"
    return f"{value:.3g} {name}"


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


@contextmanager
def _caller(fn: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """Give what calls the function once; coroutine functions are awaited in one loop, so that their tasks are seen."""
    if not inspect.iscoroutinefunction(fn):
        yield fn
        return
    with asyncio.Runner() as runner:
        yield lambda: runner.run(fn())
