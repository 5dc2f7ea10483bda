"""The likeliest culprit first: lines by what stayed, in the light of the containers that keep what they made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from leakdoc.attribution.folding import Frame
from leakdoc.attribution.windows import Rate
from leakdoc.model.heap import LineGrowth

_UNSEEN: Final = 0.5  # what nobody was seen to keep counts half: it may yet be let go of
_LEAST_SHARE: Final = 0.01  # of the strongest line's rate: below that a line explains nothing
_FAR_MORE: Final = 4.0  # times what stayed: beyond what tracing and the moments of reading can distort
NOISE_PER_S: Final = 4096.0  # bytes a second by which answering us makes the counters move
_MOST: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the containers say of lines.

    Args:
        growing: line to the words for the growing container that keeps what it made.
        turning: line to the words for a container that keeps its length while its items are new.
    """

    growing: dict[Frame, str]
    turning: dict[Frame, str]


def ranked(
    rates: Iterable[Rate], evidence: Evidence, window_s: float, *, most_kept: float | None = None
) -> tuple[tuple[LineGrowth, ...], tuple[LineGrowth, ...]]:
    """Return the lines that may leak, the likeliest first, and those that are set aside, each with its reason.

    Args:
        most_kept: bytes a second by which all that is in use has grown at most; null when unknown.
    """
    growing = [rate for rate in rates if rate.bytes_per_s > 0]
    held = _places(evidence.growing)
    suspects = [
        rate
        for rate in growing
        if _place(rate.frame) in held or not (_turns(rate, evidence) or _is_too_much(rate, most_kept))
    ]
    aside = [rate for rate in growing if rate not in suspects]
    suspects.sort(key=lambda rate: -_score(rate, evidence))
    floor = _LEAST_SHARE * max((rate.bytes_per_s for rate in suspects), default=0.0)
    lines = [_line(rate, evidence, window_s) for rate in suspects if rate.bytes_per_s >= floor]
    return tuple(lines[:_MOST]), tuple(_line(rate, evidence, window_s, aside=True) for rate in aside[:_MOST])


def _score(rate: Rate, evidence: Evidence) -> float:
    seen = _place(rate.frame) in _places(evidence.growing)
    return rate.bytes_per_s * (1.0 if seen else _UNSEEN) * (0.5 + rate.steadiness / 2)


def _turns(rate: Rate, evidence: Evidence) -> bool:
    return _place(rate.frame) in _places(evidence.turning)


def _is_too_much(rate: Rate, most_kept: float | None) -> bool:
    """Say whether a line made far more than has stayed of everything: what it makes goes when the window is over."""
    return most_kept is not None and rate.bytes_per_s > _FAR_MORE * max(most_kept, NOISE_PER_S)


def _line(rate: Rate, evidence: Evidence, window_s: float, *, aside: bool = False) -> LineGrowth:
    place = _place(rate.frame)
    held = _places(evidence.growing).get(place)
    turned = _places(evidence.turning).get(place)
    if held is not None:
        why = f"what it made stayed, and is kept by {held}, which grows"
    elif turned is not None:
        why = f"what it makes goes into {turned}, which keeps its length: it turns over"
    elif aside:
        why = "it made far more than memory in use has grown by: what it makes goes when the window is over"
    else:
        why = "what it made stayed; what keeps it was not seen"
    return LineGrowth(
        file=rate.frame.file,
        line=rate.frame.line,
        function=rate.frame.function,
        grew_bytes=rate.bytes_per_s * window_s,
        grew_count=rate.count_per_s * window_s,
        bytes_per_s=rate.bytes_per_s,
        held_by=held,
        why=why,
    )


def _place(frame: Frame) -> tuple[str, int]:
    return frame.file, frame.line


def _places(words: dict[Frame, str]) -> dict[tuple[str, int], str]:
    return {_place(frame): word for frame, word in words.items()}


def explained_share(lines: Sequence[LineGrowth], growth_per_s: float | None) -> float | None:
    """Return which share of the measured growth the lines account for; null when nothing grew measurably."""
    if growth_per_s is None or growth_per_s <= 0:
        return None
    return min(sum(line.bytes_per_s for line in lines) / growth_per_s, 1.0)
