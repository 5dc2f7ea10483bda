"""A scan for a person at a terminal: how many of each, the urgent ones first, what was skipped, how far to trust it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.metrics import metric
from leakdoc.model.scan import Discovery, Scan
from leakdoc.model.urgency import leading
from leakdoc.redact import inert
from leakdoc.reporting.words import decision_word, subject_words, time_words

SHOWN: Final = 20
_SKIPPED_SHOWN: Final = 10
_LONGEST: Final = 160


def scan_lines(scan: Scan, *, top: int | None = None) -> Iterator[str]:
    """Lay a scan out in lines.

    Args:
        top: how many subjects to show at most, the most urgent first; null shows up to `SHOWN` that are not settled.
    """
    yield _summary(scan)
    ranked = scan.ranked
    unsettled = sum(count for decision, count in scan.counts.items() if not decision.is_settled)
    worth = unsettled if top is None else len(ranked)  # what is settled comes last
    shown = ranked[: min(worth, SHOWN if top is None else top)]
    yield from map(_line, shown)
    if worth > len(shown):
        yield f"and {worth - len(shown):,} more: --top {worth} shows them, --json and --csv list all"
    yield from discovery_lines(scan.discovery)
    yield from skipped_lines(scan)
    yield from (inert(note, longest=500) for note in scan.notes)


def _summary(scan: Scan) -> str:
    counts = ", ".join(f"{count:,} {str(decision).replace('_', ' ')}" for decision, count in scan.counts.items())
    subjects = len(scan.diagnoses)
    skipped = f"; {len(scan.skipped):,} skipped" if scan.skipped else ""
    nothing = "none of those that were judged is listed" if scan.left_out else "nothing was judged"
    left_out = f"; {scan.left_out:,} more are not what was asked for" if scan.left_out else ""
    return f"{subjects:,} {'subject' if subjects == 1 else 'subjects'}: {counts or nothing}{left_out}{skipped}"


def _line(diagnosis: Diagnosis) -> str:
    head = f"{decision_word(diagnosis.decision)}  {subject_words(diagnosis.subject)}"
    return f"{head}  {forecast(diagnosis)}{inert(_reason(diagnosis), longest=_LONGEST)}"


def _reason(diagnosis: Diagnosis) -> str:
    """What was found; without its forecast, which stands before it."""
    found = leading(diagnosis)
    if found is None:
        return diagnosis.reason
    growing = found.evidence.get("in_words")
    if not forecast(diagnosis) or not isinstance(growing, str):
        return found.reason
    return f"{metric(found.metric).title}: {growing}"


def forecast(diagnosis: Diagnosis) -> str:
    """Say when the limit is reached, with what follows it; nothing where that is not known or not near."""
    found = leading(diagnosis)
    if found is None or found.time_to_limit_s is None or diagnosis.decision is not Decision.LEAKING:
        return ""
    what = "OOM" if metric(found.metric).unit == "bytes" else "its limit"
    if found.time_to_limit_s.estimate <= 0.0:
        return "at its limit already; "
    return f"{what} in {time_words(found.time_to_limit_s)}; "


def discovery_lines(discovery: Discovery) -> Iterator[str]:
    """Say how many of the faults are expected to be false; nothing where there is none."""
    if discovery.expected_false is None or discovery.rate is None:
        return
    faults = "fault" if discovery.faults == 1 else "faults"
    told = f"Of {discovery.faults:,} {faults} about {discovery.expected_false:.2g} are expected to be false"
    yield f"{told} ({discovery.rate:.1%}, by the confidence of each; {discovery.level:.0%} is accepted)"
    if discovery.tentative:
        yield f"Least sure: {_names(discovery.tentative)}"


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(inert(name) for name in names[:_SKIPPED_SHOWN])
    more = len(names) - _SKIPPED_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def skipped_lines(scan: Scan) -> Iterator[str]:
    """Name what was skipped, with the reasons; of many only the first."""
    for subject, reason in islice(scan.skipped.items(), _SKIPPED_SHOWN):
        yield f"skipped {inert(subject)}: {inert(reason, longest=_LONGEST)}"
    if len(scan.skipped) > _SKIPPED_SHOWN:
        yield f"and {len(scan.skipped) - _SKIPPED_SHOWN:,} more were skipped: --json lists them"
