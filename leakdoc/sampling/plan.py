"""Which probes are read for a target, how often, and what each may cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from leakdoc.sampling.lifeline import Lifeline
from leakdoc.sampling.pace import Beat
from leakdoc.sampling.probes.reading import Probe

# Each sample: one small read each, microseconds. Memory is what a watch is for, so it is never slowed by default.
EVERY_SAMPLE: Final = Beat(every_s=0.0, budget=0.01)
# Each sample too, but their cost grows with the target: a thousand sockets take milliseconds, a thousand threads too.
CONNECTIONS: Final = Beat(every_s=0.0, budget=0.02)
CHILDREN: Final = Beat(every_s=0.0, budget=0.002)
# Somebody waits for what the sockets say, and for a minute only.
LOOKING: Final = Beat(every_s=0.0, budget=0.2)
# A query to a database, and stacks read by another program: neither is for each sample.
DATABASE: Final = Beat(every_s=2.0, budget=0.01)
STACKS: Final = Beat(every_s=2.0, budget=0.01)
# A question to an agent inside the target: it takes the target a moment to answer.
AGENT: Final = Beat(every_s=1.0, budget=0.005)
# Sources that cost up to milliseconds on a large target, and the numbers in them move slowly.
SLOW: Final = Beat(every_s=5.0, budget=0.002)
# Settings and limits: they change when somebody changes them.
RARE: Final = Beat(every_s=30.0, budget=0.001)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProbe:
    """One probe, the metrics that are missing when it fails, and its beat."""

    name: str
    probe: Probe
    metrics: tuple[str, ...]
    beat: Beat


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a sampler does to one target.

    Args:
        touched: what is done to the target to read all this, in words.
        missing: metric to the reason why no probe of this plan reads it.
        oom_kills: counts those killed so far for want of memory among whom the target is; null when unknown.
        name: what the target is called now, which changes where it executes another program; null when unknown.
    """

    probes: tuple[PlannedProbe, ...]
    lifeline: Lifeline
    touched: str
    missing: Mapping[str, str] = field(default_factory=dict)
    oom_kills: Callable[[], int | None] = lambda: None
    name: Callable[[], str | None] = lambda: None
