"""Counting right and wrong alarms."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from benchmarks.detection.baselines import BASELINES
from benchmarks.detection.looks import alarm_at
from benchmarks.detection.scene import Labelled
from benchmarks.detection.spreading import spread
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.detection.stats.series import Growth
from leakdoc.model.decision import Decision

JUDGE = "the growth judge"


@dataclass(slots=True, kw_only=True)
class Tally:
    """How often a method was right."""

    hits: int = 0
    misses: int = 0
    false_alarms: int = 0
    calm: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, leak: bool, alarm: bool, seconds: float = 0.0) -> None:
        self.hits += leak and alarm
        self.misses += leak and not alarm
        self.false_alarms += alarm and not leak
        self.calm += not alarm and not leak
        self.seconds.append(seconds)

    @property
    def precision(self) -> float:
        return self.hits / max(self.hits + self.false_alarms, 1)

    @property
    def recall(self) -> float:
        return self.hits / max(self.hits + self.misses, 1)

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(2 * self.hits + self.false_alarms + self.misses, 1)

    @property
    def innocent(self) -> int:
        return self.false_alarms + self.calm

    @property
    def false_alarm_rate(self) -> float:
        return self.false_alarms / max(self.innocent, 1)


@dataclass(slots=True, kw_only=True)
class Report:
    """Everything that one run of the laboratory found."""

    methods: dict[str, Tally] = field(default_factory=dict)
    decisions: dict[str, Counter[str]] = field(default_factory=dict)
    unfair: Counter[str] = field(default_factory=Counter)
    covered_by_kind: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    chances: list[tuple[float, bool]] = field(default_factory=list)
    sureness: list[tuple[float, bool]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What was said of one trace.

    Args:
        alarms: of each method, whether it raised one, and the seconds of CPU that it took.
    """

    growth: Growth
    alarms: dict[str, tuple[bool, float]]


def timed(call: Callable[[], Growth]) -> tuple[Growth, float]:
    """Call, and say how many seconds of CPU it took."""
    start = time.process_time()
    found = call()
    return found, time.process_time() - start


def judged(one: Labelled, *, baselines: bool) -> Judged:
    """Ask every method, or the judge alone."""
    found, seconds = timed(lambda: judge(one.series))
    alarms = {JUDGE: (found.decision is Decision.LEAKING, seconds)}
    order = np.argsort(one.series.times_s, kind="stable")
    for name, alarm in BASELINES.items() if baselines else ():
        start = time.process_time()
        raised = alarm(one.series.times_s[order], one.series.values[order])
        alarms[name] = raised, time.process_time() - start
    return Judged(growth=found, alarms=alarms)


def score(traces: Sequence[Labelled], *, baselines: bool = True, jobs: int = 1) -> Report:
    """Judge every trace with every method."""
    report = Report()
    for one, said in zip(traces, spread(partial(judged, baselines=baselines), traces, jobs), strict=True):
        for name, (raised, seconds) in said.alarms.items():
            report.methods.setdefault(name, Tally()).add(one.leak, raised, seconds)
        _note(report, one, said.growth)
    return report


def _note(report: Report, one: Labelled, found: Growth) -> None:
    report.decisions.setdefault(one.kind, Counter())[str(found.decision)] += 1
    report.unfair[one.kind] += str(found.decision) not in one.fair
    if found.probability is not None:
        report.chances.append((found.probability, one.leak))
    if found.confidence is not None:
        report.sureness.append((found.confidence, (found.decision is Decision.LEAKING) == one.leak))
    slope = found.slope_per_s
    if slope is not None and slope.low is not None and slope.high is not None:
        report.covered_by_kind[one.kind].append(slope.low - 1e-9 <= one.slope <= slope.high + 1e-9)


def score_looks(traces: Sequence[Labelled], *, spends: bool, patient: bool, jobs: int = 1) -> Tally:
    """Judge every trace twenty times, a twentieth more each time; the first alarm counts.

    Args:
        spends: whether all looks together may err as often as one.
        patient: whether growth that can wait must have lasted, as a watch asks by default.
    """
    tally = Tally()
    for one, alarm in zip(traces, spread(partial(_ever, spends=spends, patient=patient), traces, jobs), strict=True):
        tally.add(one.leak, alarm)
    return tally


def _ever(one: Labelled, *, spends: bool, patient: bool) -> bool:
    policy = replace(GrowthPolicy(), planned=float(np.ptp(one.series.times_s)) if patient else None)
    return alarm_at(one, policy, spends=spends) is not None
