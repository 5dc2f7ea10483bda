"""How far the ladder of `leakdoc heap` has been climbed, and what is asked before each rung."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from leakdoc.attach.outside import Outside, read_outside
from leakdoc.attribution.inside import Inside, InsidePlan
from leakdoc.model.heap import Rung
from leakdoc.redact import inert
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.process import Target
from leakdoc.sampling.procfs import ProcessDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a rung would do to the target, before it does."""

    rung: str
    cost: str


@dataclass(slots=True, kw_only=True)
class Climb:
    """How far the ladder has been climbed.

    Args:
        allows: says whether a rung may be used; asked before each that costs the target something.
        tells: takes a line about what is going on.
        load: returns how many requests have been served; raises OSError where that cannot be read.
    """

    target: Target
    plan: InsidePlan
    allows: Callable[[Ask], bool]
    tells: Callable[[str], None]
    stop: threading.Event
    clock: Clock
    rungs: list[Rung] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)
    inside: Inside | None = None
    touched: list[str] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    accept_oom_risk: bool = False
    native: bool = False
    trims: bool = False
    captures: Callable[[Path], None] = lambda _: None
    load: Callable[[], float] | None = None
    loads: list[tuple[float, float]] = field(default_factory=list)

    def mark(self, directory: ProcessDirectory) -> None:
        """Read the counters that the kernel keeps, and that of the requests served."""
        self.outside.append(read_outside(directory, self.clock.monotonic()))
        if self.load is not None:
            try:
                self.loads.append((self.clock.monotonic(), self.load()))
            except OSError as error:
                self.load = None
                self.advice.append(f"growth a request is not known: {inert(str(error))}")

    def requests_per_s(self) -> float | None:
        """Return how many requests a second were served between the first and the last mark; null when unknown."""
        if len(self.loads) < 2 or self.load is None:
            return None
        (first_s, first), (last_s, last) = self.loads[0], self.loads[-1]
        return (last - first) / (last_s - first_s) if last > first and last_s > first_s else None

    def used(self, ask: Ask, reason: str) -> None:
        """Note that a rung was climbed, and what it has cost."""
        self.rungs.append(Rung(name=ask.rung, used=True, reason=reason, cost=ask.cost))
        self.touched.append(f"{ask.rung}: {ask.cost}")

    def not_used(self, rung: str, reason: str, cost: str | None = None) -> None:
        """Note that a rung was not climbed, and why."""
        self.rungs.append(Rung(name=rung, used=False, reason=reason, cost=cost))

    def is_allowed(self, ask: Ask) -> bool:
        """Ask for leave; where it is not given, that is noted."""
        allowed = self.allows(ask)
        if not allowed:
            self.not_used(ask.rung, "you have not agreed to it: --yes", ask.cost)
        return allowed
