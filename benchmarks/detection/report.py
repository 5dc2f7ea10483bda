"""The laboratory's report: every figure that the judge is held to, as lines of Markdown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from benchmarks.detection.oracle import Detected
from benchmarks.detection.scene import Labelled
from benchmarks.detection.score import Report, Tally
from benchmarks.detection.waiting import Wait

DECISIONS = ("leaking", "warming_up", "load_driven", "stable", "inconclusive")
_FEWEST: Final = 5
_PATIENCE: Final = """An oracle that knows the shape need not tell a leak from a cache that fills, and often needs one
look of twenty; patience, a part of what the watch has left, is a dozen. Where the patient watch has another reason (the
limit is near, memory multiplies, or the process has run for hours before the first look) it need not wait for that;
these traces give it none.
"""
_FORETOLD: Final = """Promised is what is counted or reckoned; what a wave, a batch or a heap will do next nobody can
foretell.
"""


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    yield from (f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)
    yield ""


def methods(report: Report) -> Iterator[str]:
    """Every method on the same traces."""
    yield from table(("method", "precision", "recall", "F1", "false alarms", "CPU ms"), [
        (name, f"{t.precision:.3f}", f"{t.recall:.3f}", f"{t.f1:.3f}", f"{t.false_alarm_rate:.4f}",
         f"{1e3 * float(np.mean(t.seconds)):.1f}") for name, t in report.methods.items()
    ])  # fmt: skip


def fairness(report: Report) -> float:
    """The share of decisions, among the five, that are fair to the truth."""
    return 1.0 - sum(report.unfair.values()) / sum(sum(found.values()) for found in report.decisions.values())


def recalls(report: Report, traces: Sequence[Labelled]) -> dict[str, float]:
    """How many of each kind of leak were found, the hardest first."""
    leaks = {one.kind for one in traces if one.leak}
    found = {kind: said["leaking"] / sum(said.values()) for kind, said in report.decisions.items() if kind in leaks}
    return dict(sorted(found.items(), key=lambda each: each[1]))


def coverage(report: Report, traces: Sequence[Labelled]) -> dict[str, list[bool]]:
    """Of each kind of leak, whether the intervals held the true slope."""
    leaks = {one.kind for one in traces if one.leak}
    return {kind: held for kind, held in report.covered_by_kind.items() if kind in leaks and held}


def kinds(report: Report, traces: Sequence[Labelled]) -> Iterator[str]:
    """What each kind was called, how often that was fair, and whether the interval held the true slope."""
    worst = list(recalls(report, traces).items())[:3]
    yield f"Decision among the five fair to the truth: {fairness(report):.3f} of {len(traces)}."
    yield f"Lowest recall: {', '.join(f'{kind} {share:.2f}' for kind, share in worst)}.\n"
    held = coverage(report, traces)
    rows = []
    for kind, found in report.decisions.items():
        share = f"{np.mean(held[kind]):.2f}" if kind in held else ""
        rows.append((kind, *(found[name] or "" for name in DECISIONS), report.unfair[kind] or "", share))
    yield from table(("kind", *DECISIONS, "unfair", "interval holds"), rows)
    every = [each for kind in held for each in held[kind]]
    yield f"95 % intervals hold the true slope of {np.mean(every):.3f} of the leaks.\n"


def reliability(report: Report) -> Iterator[str]:
    """Whether what is stated happens as often as stated."""
    yield "## Reliability\n"
    for name, pairs in (("probability of a leak", report.chances), ("confidence in the decision", report.sureness)):
        yield from table((name, "traces", "stated", "came true"), [
            (f"{low:.1f} to {low + 0.1:.1f}", count, f"{stated:.3f}", f"{came:.3f}")
            for low, count, stated, came in by_tenth(pairs)
        ])  # fmt: skip


def by_tenth(pairs: Sequence[tuple[float, bool]]) -> Iterator[tuple[float, int, float, float]]:
    """For each tenth of what was stated: where it begins, how many, what was stated on average, how often it came."""
    stated = np.asarray([each for each, _ in pairs])
    came = np.asarray([each for _, each in pairs], dtype=float)
    for low in np.arange(0.0, 1.0, 0.1):
        inside = (stated >= low) & ((stated < low + 0.1) | (low > 0.85))
        if np.any(inside):
            yield float(low), int(np.sum(inside)), float(stated[inside].mean()), float(came[inside].mean())


def peeking(tallies: dict[str, Tally]) -> Iterator[str]:
    """What many looks do to an innocent process."""
    some = next(iter(tallies.values()))
    yield f"## Twenty looks at {len(some.seconds)} traces, {some.innocent} of them innocent\n"
    yield from table(("looks", "recall", "false alarms in a whole watch"), [
        (name, f"{tally.recall:.3f}", f"{tally.false_alarm_rate:.4f} ({tally.false_alarms})")
        for name, tally in tallies.items()
    ])  # fmt: skip


def times(found: Sequence[Detected]) -> Iterator[str]:
    """Looks until growth is told, beside an oracle's."""
    yield "## Time to detection, in units of the oracle's\n"
    by_kind: dict[str, list[Detected]] = defaultdict(list)
    for each in found:
        by_kind[each.kind].append(each)
    rows = []
    for kind, some in by_kind.items():
        cells: list[object] = [kind, len(some), f"{np.median([each.oracle for each in some]):.0f}"]
        for ratios in (ratios_of(some, patient=True), ratios_of(some, patient=False)):
            cells += [f"{np.median(ratios):.2f}" if ratios else "", len(some) - len(ratios)]
        rows.append(cells)
    yield from table(("kind", "traces", "oracle's look", "as `watch` looks", "missed", "spending only", "missed"), rows)
    yield _PATIENCE


def ratios_of(found: Sequence[Detected], *, patient: bool) -> list[float]:
    """How many times the oracle's time each of those that were told took."""
    told = [(each.patient if patient else each.quick, each.oracle) for each in found]
    return [look / oracle for look, oracle in told if look is not None]


def promises(stated: Sequence[Wait]) -> Iterator[str]:
    """Whether waits are kept that were promised, and what comes of those that were not, by the rule that named them."""
    found, open_ = [each for each in stated if each.promised], [each for each in stated if not each.promised]
    yield '## "Needs N more"\n'
    if not found:
        yield "No wait was stated that the rest of the data covers.\n"
        return
    yield from _looking_again(open_)
    yield f"Of {len(found)} stated waits {np.mean([each.kept for each in found]):.2f} were right within a factor of 2."
    yield _FORETOLD
    by_rule: dict[str, list[Wait]] = defaultdict(list)
    for each in found:
        by_rule[each.rule].append(each)
    yield from table(("rule", "waits", "within a factor of 2", "ended earlier", "ended later, or never"), [
        (f"`{rule}`", len(some), f"{np.mean([each.kept for each in some]):.2f}",
         f"{np.mean([each.ratio < 0.5 for each in some]):.2f}", f"{np.mean([each.ratio > 2.0 for each in some]):.2f}")
        for rule, some in sorted(by_rule.items(), key=lambda each: -len(each[1])) if len(some) >= _FEWEST
    ])  # fmt: skip


def _looking_again(found: Sequence[Wait]) -> Iterator[str]:
    """What comes of verdicts that promise no wait, and only say when to look again."""
    if not found:
        return
    by_then, by_twice = (np.mean([each.ratio <= most for each in found]) for most in (1.0, 2.0))
    yield f"{len(found)} verdicts promise nothing, for what they wait for is up to the process; they say when to look"
    yield f"again. Of these {by_then:.2f} were decided by then, {by_twice:.2f} by twice as long.\n"


def parts(tallies: dict[str, Tally]) -> Iterator[str]:
    """What the judge would be without each of its parts."""
    yield "## What each part carries\n"
    yield from table(("judge", "F1", "recall", "false alarms"), [
        (name, f"{t.f1:.3f}", f"{t.recall:.3f}", f"{t.false_alarm_rate:.4f}") for name, t in tallies.items()
    ])  # fmt: skip
