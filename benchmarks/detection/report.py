"""The laboratory's report: every figure that the judge is held to, as lines of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.ablations import ablations
from benchmarks.detection.oracle import detection_times
from benchmarks.detection.scene import Labelled
from benchmarks.detection.score import JUDGE, Report, Tally, score_looks
from benchmarks.detection.waiting import waits

DECISIONS = ("leaking", "warming_up", "load_driven", "stable", "inconclusive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of each campaign is run."""

    seed: int
    looks: int
    waits: int
    oracle: int


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)
    yield ""


def methods(report: Report) -> Iterator[str]:
    yield "## One look\n"
    yield from table(("method", "precision", "recall", "F1", "false alarms", "CPU ms"), [
        (name, f"{t.precision:.3f}", f"{t.recall:.3f}", f"{t.f1:.3f}", f"{t.false_alarm_rate:.4f}",
         f"{1e3 * float(np.mean(t.seconds)):.1f}") for name, t in report.methods.items()
    ])  # fmt: skip


def kinds(report: Report, traces: Sequence[Labelled]) -> Iterator[str]:
    """What each kind was called, how often that was fair, and whether the interval held the true slope."""
    leaks = {one.kind for one in traces if one.leak}
    total = sum(sum(found.values()) for found in report.decisions.values())
    right = 1.0 - sum(report.unfair.values()) / total
    caught = {kind: found["leaking"] / sum(found.values()) for kind, found in report.decisions.items() if kind in leaks}
    worst = sorted(caught, key=lambda kind: caught[kind])[:3]
    yield "## Kind by kind\n"
    yield f"Decision among the five fair to the truth: {right:.3f} of {total}. "
    yield f"Lowest recall: {', '.join(f'{kind} {caught[kind]:.2f}' for kind in worst)}.\n"
    rows = []
    for kind, found in report.decisions.items():
        held = report.covered_by_kind[kind]
        share = f"{np.mean(held):.2f}" if kind in leaks and held else ""
        rows.append((kind, *(found[name] or "" for name in DECISIONS), report.unfair[kind] or "", share))
    yield from table(("kind", *DECISIONS, "unfair", "interval holds"), rows)
    held = [each for kind in leaks for each in report.covered_by_kind[kind]]
    yield f"95 % intervals hold the true slope of {np.mean(held):.3f} of the leaks.\n"


def reliability(report: Report) -> Iterator[str]:
    """Whether what is stated happens as often as stated."""
    yield "## Reliability\n"
    for name, pairs in (("probability of a leak", report.chances), ("confidence in the decision", report.sureness)):
        stated = np.asarray([each for each, _ in pairs])
        came = np.asarray([each for _, each in pairs], dtype=float)
        rows = []
        for low in np.arange(0.0, 1.0, 0.1):
            inside = (stated >= low) & ((stated < low + 0.1) | (low > 0.85))
            if np.any(inside):
                share = f"{came[inside].mean():.3f}"
                rows.append((f"{low:.1f} to {low + 0.1:.1f}", np.sum(inside), f"{stated[inside].mean():.3f}", share))
        yield from table((name, "traces", "stated", "came true"), rows)


def peeking(traces: Sequence[Labelled]) -> Iterator[str]:
    yield f"## Twenty looks at {len(traces)} traces\n"
    rows = []
    for name, spends, patient in (
        ("unaware of the looks", False, False), ("spending only", True, False), ("as `watch` looks", True, True),
    ):  # fmt: skip
        tally = score_looks(traces, spends=spends, patient=patient)
        rows.append((name, f"{tally.recall:.3f}", f"{tally.false_alarm_rate:.4f}"))
    yield from table(("looks", "recall", "false alarms in a whole watch"), rows)


def times(size: Size) -> Iterator[str]:
    """Looks until growth is told, beside an oracle's."""
    yield "## Time to detection, in units of the oracle's\n"
    rows = []
    for kind, found in detection_times(size.seed, size.oracle).items():
        cells: list[object] = [kind, len(found)]
        for at in (1, 2):
            ratios = [each[at] / each[0] for each in found if each[at] is not None]  # type: ignore[operator]
            cells += [f"{np.median(ratios):.2f}" if ratios else "", len(found) - len(ratios)]
        rows.append(cells)
    yield from table(("kind", "traces", "as `watch` looks", "missed", "spending only", "missed"), rows)


def promises(traces: Sequence[Labelled]) -> Iterator[str]:
    ratios = np.asarray(waits(traces))
    if len(ratios):
        kept = float(np.mean((ratios >= 0.5) & (ratios <= 2.0)))
        early = float(np.mean(ratios < 0.5))
        yield '## "Needs N more"\n'
        yield f"Of {len(ratios)} stated waits {kept:.2f} were right within a factor of 2; {early:.2f} ended earlier.\n"


def parts(traces: Sequence[Labelled]) -> Iterator[str]:
    yield "## What each part carries\n"
    yield from table(
        ("judge", "F1", "recall", "false alarms"),
        [
            (name, f"{t.f1:.3f}", f"{t.recall:.3f}", f"{t.false_alarm_rate:.4f}")
            for name, t in ablations(traces).items()
        ],
    )


def judge_tally(report: Report) -> Tally:
    return report.methods[JUDGE]
