"""What a verdict rests on, ready for JSON."""

from __future__ import annotations

from leakdoc.detection.stats.case import Case
from leakdoc.detection.stats.forecast import worst_time_to_limit
from leakdoc.detection.stats.preparing import Prepared, Segment
from leakdoc.detection.stats.ruling import Ruling
from leakdoc.detection.stats.wording import growing
from leakdoc.model.finding import Json

_MOST_SEGMENTS = 50


def evidence_of(prepared: Prepared, case: Case, ruling: Ruling) -> dict[str, Json]:
    """Collect the numbers; times are on the series' own axis."""
    samples = prepared.samples
    found: dict[str, Json] = {
        "samples": samples,
        "from": prepared.start if samples else None,
        "to": prepared.start + prepared.span if samples else None,
        "rule": ruling.rule,
        "look_again_s": ruling.look_again_s,
        "in_words": growing(case) if ruling.decision.is_fault else None,
        "limit": case.limit,
        "shape": case.shape,
        "axis": case.axis,
        "fitted_points": case.bins,
        "floors_of_a_sawtooth": prepared.floors,
        "inferred_restarts": prepared.inferred,
        "excluded": {
            "missing": prepared.missing,
            "duplicates": prepared.duplicates,
            "spikes": prepared.spikes,
            "older_lives": prepared.older_lives,
        },
        "segments": [_segment(each) for each in prepared.segments[-_MOST_SEGMENTS:]],
        "processes_at_end": case.processes,
        "worst_case_time_to_limit_s": worst_time_to_limit(case),
        "smallest_that_matters_per_s": case.smallest or None,
    }
    if case.fit is not None:
        found |= {
            "level_age_s": case.since_level, "noise": case.fit.noise, "rise": case.fit.rise,
            "load_effect": case.fit.load_effect, "cycle_s": case.cycle,
            "probability_slowing": case.undecided, "probability_settling": case.settles, "tail_grows": case.tail,
        }  # fmt: skip
    return found


def _segment(part: Segment) -> Json:
    """A life's part: where it starts and ends, and how many readings it has."""
    return {"from": part.start, "to": part.end, "samples": part.samples, "start_known": part.start_known}
