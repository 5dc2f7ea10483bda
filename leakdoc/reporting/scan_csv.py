"""A scan as a table for spreadsheets and scripts, one row a subject."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Final, TextIO

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.scan import Scan
from leakdoc.model.urgency import leading
from leakdoc.redact import inert
from leakdoc.units import format_time

HEADER: Final = (
    "subject", "kind", "decision", "metric", "slope_per_hour", "slope_low", "slope_high", "level", "limit",
    "time_to_limit_s", "confidence", "samples", "from", "to", "reason",
)  # fmt: skip
SKIPPED: Final = "skipped"
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def write_scan_csv(scan: Scan, out: TextIO, *, diagnoses: Sequence[Diagnosis] | None = None) -> None:
    """Write a scan as CSV; unknown cells are empty, what was skipped has the decision ``skipped``.

    Args:
        diagnoses: which to write, in which order; all of the scan when null.
    """
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(map(_row, scan.diagnoses if diagnoses is None else diagnoses))
    for subject, reason in scan.skipped.items():
        writer.writerow([_cell(subject), "", SKIPPED, *[""] * (len(HEADER) - 4), _cell(reason)])


def _row(diagnosis: Diagnosis) -> list[object]:
    subject, window, found = diagnosis.subject, diagnosis.window, leading(diagnosis)
    slope = None if found is None else found.slope_per_hour
    limit = None if found is None else found.time_to_limit_s
    return [
        _cell(subject.name), str(subject.kind), str(diagnosis.decision), "" if found is None else _cell(found.metric),
        *(("", "", "") if slope is None else (_number(slope.estimate), _number(slope.low), _number(slope.high))),
        _number(_evidence(diagnosis, "level")), _number(_evidence(diagnosis, "limit")),
        _number(None if limit is None else limit.estimate),
        _number(None if found is None else found.confidence),
        window.samples, _time(window.start), _time(window.end), _cell(diagnosis.reason),
    ]  # fmt: skip


def _evidence(diagnosis: Diagnosis, name: str) -> float | None:
    found = leading(diagnosis)
    value = None if found is None else found.evidence.get(name)
    return float(value) if isinstance(value, int | float) else None


def _number(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _time(at: float | None) -> str:
    return "" if at is None else format_time(at)


def _cell(text: str) -> str:
    """Foreign text that a spreadsheet shows and does not compute."""
    shown = inert(text, longest=1_000)
    return f"'{shown}" if shown.startswith(_FORMULAS) else shown
