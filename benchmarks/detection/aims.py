"""What was aimed at, beside what was measured in the same run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.detection import report as chapters
from benchmarks.detection.oracle import Detected
from benchmarks.detection.scene import Labelled
from benchmarks.detection.score import JUDGE, Report, Tally
from benchmarks.detection.speed import MIXED, ONE, PLAIN, Speed
from benchmarks.detection.waiting import Wait

_TELLING: Final = 20  # traces in a tenth, without which its share says nothing


@dataclass(slots=True, kw_only=True)
class Measured:
    """All that one run measured; what was left out is null, or empty."""

    report: Report | None = None
    traces: Sequence[Labelled] = ()
    looks: Tally | None = None
    times: Sequence[Detected] = ()
    waits: Sequence[Wait] = ()
    speeds: dict[str, Speed] = field(default_factory=dict)


def against(found: Measured) -> Iterator[str]:
    """The table of aims."""
    yield "## Against what was aimed at\n"
    yield from chapters.table(("figure", "aimed at", "measured"), list(_rows(found)))


def _rows(found: Measured) -> Iterator[tuple[str, str, str]]:
    if found.report is not None:
        yield from _single(found.report, found.traces)
    if found.looks is not None:
        tally = found.looks
        told = f"{tally.false_alarm_rate:.3f} ({tally.false_alarms} of {tally.innocent}) at {tally.recall:.3f}"
        yield "false alarms over twenty looks, at what recall", ".02 at .88", told
    if found.times:
        ratios = [float(np.median(chapters.ratios_of(found.times, patient=patient))) for patient in (True, False)]
        yield (
            "time to detection, median of all kinds", "1.5 times the oracle's",
            f"{ratios[0]:.1f} with patience, {ratios[1]:.1f} without",
        )  # fmt: skip
    if found.waits:
        promised = [each.kept for each in found.waits if each.promised]
        kept, others = float(np.mean(promised or [np.nan])), len(found.waits) - len(promised)
        said = f"{kept:.2f} of {len(promised)}; {others} verdicts more state none, and say when to look again"
        yield "stated waits right within a factor of 2", ".80", said
    for name, aim in ((ONE, "5 ms"), (PLAIN, "300x pymannkendall"), (MIXED, "30x pymannkendall")):
        if name in found.speeds:
            speed = found.speeds[name]
            yield name, aim, Speed(own=speed.own, usual=speed.usual).told()


def _single(report: Report, traces: Sequence[Labelled]) -> Iterator[tuple[str, str, str]]:
    tally = report.methods[JUDGE]
    yield "F1, one look", ".95", f"{tally.f1:.3f}"
    yield (
        "false alarms, one look", ".005",
        f"{tally.false_alarm_rate:.4f} ({tally.false_alarms} of {tally.innocent})",
    )  # fmt: skip
    hardest, share = next(iter(chapters.recalls(report, traces).items()))
    yield "worst kind's recall", ".80", f"{share:.2f} ({hardest})"
    yield "decision among the five", ".85", f"{chapters.fairness(report):.3f}"
    held = {kind: float(np.mean(some)) for kind, some in chapters.coverage(report, traces).items()}
    every = [each for some in chapters.coverage(report, traces).values() for each in some]
    low, high = min(held, key=lambda kind: held[kind]), max(held, key=lambda kind: held[kind])
    inside = sum(0.925 <= share < 0.975 for share in held.values())
    yield (
        "intervals hold the slope", ".93 to .97 of every kind",
        f"{np.mean(every):.3f} over all; {held[low]:.2f} ({low}) to {held[high]:.2f} ({high}), "
        f"{inside} of {len(held)} kinds inside",
    )  # fmt: skip
    for name, pairs in (("probability of a leak", report.chances), ("stated confidence", report.sureness)):
        off = max(abs(stated - came) for _, count, stated, came in chapters.by_tenth(pairs) if count >= _TELLING)
        yield f"reliability of the {name}", "within .05 in every tenth", f"within {off:.2f}"
