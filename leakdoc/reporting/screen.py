"""The last screen of a watch: at most twelve lines, in a fixed order, what matters first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.facts import Ending
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import MEMORY, metric
from leakdoc.redact import inert
from leakdoc.reporting.words import command_words, decision_word, rate_words, subject_words, time_words
from leakdoc.units import format_amount

MOST_LINES: Final = 12
MOST_FAULTS: Final = 4
MOST_NEXT: Final = 2
LONGEST: Final = 600  # characters of one reason: a few lines of a terminal


def last_screen(diagnosis: Diagnosis) -> list[str]:
    """Lay a diagnosis out for a person at a terminal.

    Returns:
        At most twelve lines: the verdict, the forecast, other faults, what was not seen, what was touched, what next.
    """
    return [*_verdict(diagnosis), *_not_seen(diagnosis), *_touched(diagnosis), *_next(diagnosis)][:MOST_LINES]


def _verdict(diagnosis: Diagnosis) -> Iterator[str]:
    head = f"{decision_word(diagnosis.decision)}  {subject_words(diagnosis.subject)}"
    faults = [finding for finding in diagnosis.findings if finding.decision.is_fault]
    if not faults:
        yield f"{head}  {inert(diagnosis.reason, longest=LONGEST)}"
    else:
        yield f"{head}  {_fault(faults[0])}"
        yield from _forecast(faults[0])
        for finding in faults[1:MOST_FAULTS]:
            yield inert(finding.reason, longest=LONGEST)
        if len(faults) > MOST_FAULTS:
            yield f"and {len(faults) - MOST_FAULTS} more findings: --json lists them"
    yield from _memory_beside(diagnosis, faults)
    if diagnosis.ending is not None:
        yield _ended(diagnosis.ending)


def _fault(fault: Finding) -> str:
    """The fault in words; without its forecast, where that has a line of its own."""
    growing = fault.evidence.get("in_words")
    if fault.time_to_limit_s is None or not isinstance(growing, str):
        return inert(fault.reason, longest=LONGEST)
    return inert(f"{metric(fault.metric).title}: {growing}", longest=LONGEST)


def _forecast(fault: Finding) -> Iterator[str]:
    if fault.time_to_limit_s is None:
        return
    what = "OOM" if metric(fault.metric).unit == "bytes" else "The limit is reached"
    limit = fault.evidence.get("limit")
    at = f" at limit {format_amount(limit, metric(fault.metric).unit)}" if isinstance(limit, int | float) else ""
    if fault.time_to_limit_s.estimate <= 0.0:
        yield f"It stands{at or ' at its limit'} already"
        return
    yield f"{what} in {time_words(fault.time_to_limit_s)}{at}"


def _memory_beside(diagnosis: Diagnosis, faults: list[Finding]) -> Iterator[str]:
    """What memory does, where the fault is another one."""
    memory = next((each for each in diagnosis.findings if each.metric in MEMORY), None)
    if faults and memory is not None and memory not in faults:
        slope = f", {rate_words(memory.slope_per_hour, 'bytes')}" if memory.slope_per_hour else ""
        yield f"{metric(memory.metric).title}: {str(memory.decision).replace('_', ' ')}{slope}"


def _ended(ending: Ending) -> str:
    if ending.cause == "oom_killed":
        return "The target was killed for want of memory: its cgroup counted an OOM kill"
    if ending.signal is not None:
        return f"The target was ended by signal {ending.signal}"
    if ending.exit_status is not None:
        return f"The target ended with exit status {ending.exit_status}"
    return "The target ended; how is not known, as it is not a child of this watch"


def _not_seen(diagnosis: Diagnosis) -> Iterator[str]:
    absent = [f"{name} ({reason})" for name, reason in sorted(diagnosis.unavailable.items())]
    unseen = [inert(spot) for spot in (*diagnosis.blind_spots, *absent)]
    if unseen:
        yield f"Not seen: {', '.join(unseen)}"


def _touched(diagnosis: Diagnosis) -> Iterator[str]:
    if diagnosis.touched is not None:
        yield f"Touched: {diagnosis.touched}"


def _next(diagnosis: Diagnosis) -> Iterator[str]:
    for position, command in enumerate(diagnosis.next[:MOST_NEXT]):
        yield f"{'Next:' if position == 0 else '  or:'} {command_words(command)}"
