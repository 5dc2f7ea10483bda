"""What a verdict rests on, ready for JSON."""

from __future__ import annotations

import numpy as np

from leakdoc.detection.stats.case import Case
from leakdoc.detection.stats.forecast import worst_time_to_limit
from leakdoc.detection.stats.preparing import Prepared
from leakdoc.detection.stats.series import Series
from leakdoc.detection.stats.tidying import Rows
from leakdoc.detection.stats.wording import growing
from leakdoc.model.finding import Json

_MOST_SEGMENTS = 50


def evidence_of(series: Series, prepared: Prepared, case: Case, rule: str) -> dict[str, Json]:
    """Collect the numbers; times are on the series' own axis."""
    raw, rows = prepared.raw, prepared.rows
    found: dict[str, Json] = {
        "samples": len(raw),
        "from": raw.origin_s if len(raw) else None,
        "to": raw.origin_s + float(np.max(raw.t)) if len(raw) else None,
        "rule": rule,
        "in_words": growing(case) if case.slope is not None and case.slope.estimate > 0.0 else None,
        "limit": case.limit,
        "shape": case.shape,
        "axis": case.axis,
        "fitted_points": case.bins,
        "floors_of_a_sawtooth": prepared.floors,
        "inferred_restarts": prepared.inferred,
        "excluded": {"missing": raw.missing, "duplicates": raw.duplicates, "spikes": rows.spikes},
        "segments": _segments(rows, series.starts_known),
        "processes_at_end": case.processes,
        "worst_case_time_to_limit_s": worst_time_to_limit(case),
        "smallest_that_matters_per_s": case.smallest or None,
    }
    if case.fit is not None:
        found |= {
            "noise": case.fit.noise, "rise": case.fit.rise, "load_effect": case.fit.load_effect,
            "probability_slowing": case.undecided, "probability_settling": case.settles, "tail_grows": case.tail,
        }  # fmt: skip
    return found


def _segments(rows: Rows, known: bool) -> list[Json]:
    """Each life's part: where it starts and ends, and how many readings it has; the latest where there are many."""
    if len(rows) == 0:
        return []
    first = np.flatnonzero(np.append(True, np.diff(rows.life) > 0))
    last = np.append(first[1:], len(rows)) - 1
    parts: list[Json] = [
        {
            "from": rows.origin_s + float(rows.t[a]), "to": rows.origin_s + float(rows.t[b]),
            "samples": int(b - a + 1), "start_known": bool(known and np.isfinite(rows.started[rows.life[a]])),
        }
        for a, b in zip(first, last, strict=True)
    ]  # fmt: skip
    return parts[-_MOST_SEGMENTS:]
