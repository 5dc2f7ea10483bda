"""Rounds of calls, and what the process holds at the end of each."""

from __future__ import annotations

import gc
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any, Final

from leakdoc.testing.pace import Pace
from leakdoc.testing.retained import CHANNELS, counted
from leakdoc.testing.sequential import Growing, Verdict
from leakdoc.testing.turns import SHORTEST_S, Look, Turns

# The interpreter keeps the last names that attributes were looked up by, some 4,096: `getattr(node, "visit_" + kind)`
# would fill that call by call.
_FORGET_NAMES: Final[Callable[[], None]] = getattr(sys, "_clear_internal_caches", None) or sys._clear_type_cache
_TURN: Final = 0.03  # of the calls made so far, in a turn of calls: as many as have shown what grows in steps
_TURN_BYTES: Final = 4 << 20  # that a turn may keep beyond them, if it is a leak
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
        self.seconds_per_call = float("inf")  # the least of all rounds: a loaded machine makes others longer

    def warm_up(self, rounds: int, calls: int) -> None:
        """Call without a look at what it keeps."""
        for _ in range(rounds):
            self._held_after(calls)

    def growing(self, pace: Pace, rounds: int) -> dict[str, Growing]:
        """Call until every channel is decided; return those that grow."""
        channels = {name: Growing() for name in CHANNELS}
        before = self._held_after(pace.calls_of(0))
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
        return {name: each for name, each in channels.items() if each.verdict() is Verdict.GROWS}

    def made_by_calls(self, growing: dict[str, Growing]) -> dict[str, Growing]:
        """Leave out the channels that go on as fast while nothing is called: another thread fills something."""
        if not growing or threading.active_count() == 1:
            return growing
        calls = max(round(self.calls * _TURN), 1)
        per_call = growing["memory"].per_call if "memory" in growing else 0.0
        times = max(int(_TURN_BYTES / max(per_call, 1.0) / calls), 1)

        def called() -> Look:
            self._call_for(SHORTEST_S, calls, times)
            return self._paused(0.0)

        turns = Turns(called, self._paused, self._paused(0.0))
        turns.take(growing)
        return {name: each for name, each in growing.items() if not turns.grows_alone(name)}

    def _call_for(self, seconds: float, calls: int, times: int) -> None:
        """Make some calls, and the same again until the time is over or it was done so many times."""
        began = time.perf_counter()
        for _ in range(times):
            self._held_after(calls)
            if time.perf_counter() - began >= seconds:
                break

    def _paused(self, seconds: float) -> Look:
        time.sleep(seconds)
        held = self._held_now()
        return Look(time.perf_counter(), held)

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
