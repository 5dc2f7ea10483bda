"""Samples as the path of an SVG line, small however many samples there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from leakdoc.model.trace import FloatArray

X = TypeVar("X", float, FloatArray)

LARGEST: Final = 2.0**62  # no process has 4 EiB or as many of anything: a counter that wrapped, not a reading
GAP: Final = 5.0  # times the usual interval between samples; a jittery scrape stays joined, a hole shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The rectangle that data is drawn in: its size in pixels, and the times and values at its edges."""

    width: float
    height: float
    start: float
    end: float
    low: float
    high: float

    def x(self, times: X) -> X:
        """Return pixels from the left edge, of one time or of many."""
        return (times - self.start) / (self.end - self.start) * self.width

    def y(self, values: X) -> X:
        """Return pixels from the upper edge, of one value or of many."""
        return (self.high - values) / (self.high - self.low) * self.height


def drawable(values: FloatArray) -> FloatArray:
    """Return the values with those that are not finite, or beyond any reading, as missing."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(values) < LARGEST, values, np.nan)


def line_path(times: FloatArray, values: FloatArray, frame: Frame, *, columns: int) -> str:
    """Return the ``d`` of a path through one life's samples, open where samples are missing.

    Of all samples that fall into one of the frame's `columns` of pixels, the lowest and the highest are kept, so
    that no spike is lost and a million samples make a small picture.

    Args:
        times: shape (n,), ascending.
        values: shape (n,); NaN is a missing reading.
    """
    present = np.flatnonzero(~np.isnan(values))
    if not len(present):
        return ""
    x, y = frame.x(times[present]), frame.y(values[present])
    piece = np.cumsum(_opens(times, present, (frame.end - frame.start) / columns))
    pixel = np.floor(x * (columns / frame.width))
    first = np.flatnonzero(np.append(True, (np.diff(pixel) != 0) | (np.diff(piece) != 0)))
    return _draw(x[first], np.minimum.reduceat(y, first), np.maximum.reduceat(y, first), np.diff(piece[first]) != 0)


def _opens(times: FloatArray, present: npt.NDArray[np.intp], column_s: float) -> npt.NDArray[np.bool_]:
    """Say for each present sample whether the line is interrupted before it, by a hole wide enough to be seen."""
    apart = np.diff(times[present])
    usual = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    missing = (np.diff(present) > 1) | (apart > GAP * usual)
    return np.append(False, missing & (apart > column_s))


def _draw(x: FloatArray, top: FloatArray, bottom: FloatArray, opens: npt.NDArray[np.bool_]) -> str:
    """Write the points; where the line is interrupted it starts anew, and a lone point becomes a dot."""
    words: list[str] = []
    starts = np.append(True, opens)
    ends = np.append(opens, True)
    for at, high, low, is_start, is_end in zip(
        x.tolist(), top.tolist(), bottom.tolist(), starts.tolist(), ends.tolist(), strict=True
    ):
        words.append(f"{'M' if is_start else 'L'}{at:.1f} {high:.1f}")
        if low - high >= 0.1 or (is_start and is_end):
            words.append(f"V{low:.1f}")
    return "".join(words)
