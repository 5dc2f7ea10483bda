"""Rounds of calls, and what the process holds at the end of each."""

from __future__ import annotations

import gc
import itertools
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import Any, Final

from leakdoc.testing.pace import Pace
from leakdoc.testing.retained import CHANNELS, counted
from leakdoc.testing.sequential import Growing, Verdict

# The interpreter keeps the last names that attributes were looked up by, some 4,096: `getattr(node, "visit_" + kind)`
# would fill that call by call.
_FORGET_NAMES: Final[Callable[[], None]] = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
_QUIET_STEPS: Final = 9
_QUIET_STEP_S: Final = 0.1
_ALONE: Final = 0.25  # of the rate of the rounds: what goes on so fast without a call is hardly the call's
MEMORY: Final = frozenset({"memory", "objects"})  # the channels that are said again before they are believed


class Rounds:
    """Calls something, in rounds that each end with a full collection.

    Args:
        call: what is called.
        settle: called at the end of each round, before it is looked at what is held.
    """

    def __init__(self, call: Callable[[], Any], settle: Callable[[], None]) -> None:
        self._call = call
        self._settle = settle
        self.calls = 0
        self._per_second: dict[str, float] = {}
        self.seconds_per_call = float("inf")  # the least of all rounds: a loaded machine makes others longer

    def warm_up(self, rounds: int, calls: int) -> None:
        """Call without a look at what it keeps."""
        for _ in range(rounds):
            self._held_after(calls)

    def growing(self, pace: Pace, rounds: int) -> dict[str, Growing]:
        """Call until every channel is decided; return those that grow."""
        channels = {name: Growing() for name in CHANNELS}
        before = self._held_after(pace.calls_of(0))
        first, began = before, time.perf_counter()
        for number in range(rounds):
            calls = pace.calls_of(number)
            held = self._held_after(calls)
            for name, channel in channels.items():
                channel.add((held[name] - before[name]) / calls)
            before = held
            verdicts = {channel.verdict() for channel in channels.values()}
            if Verdict.GROWS in verdicts or verdicts == {Verdict.KEEPS_NOTHING}:
                break
            if number + 1 >= pace.rounds and not any(channel.is_suspected for channel in channels.values()):
                break
        span_s = time.perf_counter() - began
        self._per_second = {name: (before[name] - first[name]) / span_s for name in CHANNELS}
        return {name: each for name, each in channels.items() if each.verdict() is Verdict.GROWS}

    def grows_alone(self, name: str) -> bool:
        """Say whether a channel that grew goes on as fast while nothing is called: another thread fills something."""
        if threading.active_count() == 1:
            return False
        looks = []
        for _ in range(_QUIET_STEPS + 1):
            looks.append((time.perf_counter(), self._held_now()[name]))
            time.sleep(_QUIET_STEP_S)
        rates = [(held - before) / (now - then) for (then, before), (now, held) in itertools.pairwise(looks)]
        return median(rates) > _ALONE * self._per_second[name]

    def _held_after(self, calls: int) -> dict[str, float]:
        """Return what each channel holds after some calls and a full collection."""
        began = time.perf_counter()
        for _ in range(calls):
            self._call()
        self.seconds_per_call = min(self.seconds_per_call, (time.perf_counter() - began) / calls)
        self.calls += calls
        self._settle()
        return self._held_now()

    def _held_now(self) -> dict[str, float]:
        gc.collect()
        _FORGET_NAMES()
        memory = tracemalloc.get_traced_memory()[0]
        return {"memory": float(memory), "objects": float(sys.getallocatedblocks()), **counted()}
