"""What was allocated in traced windows and is there still, by line: rates that neither a burst nor a warm-up makes."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from leakdoc.attribution.folding import Frame, user_frame

Stack = tuple[Frame, ...]


class Kept(NamedTuple):
    """Bytes and allocations of one stack that are there still."""

    stack: Stack
    size: float
    allocations: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Bytes and allocations a second that stayed, by one line, and how steadily.

    Args:
        steadiness: the smallest increment over the mean one, 0 (all at once) to 1 (even).
    """

    frame: Frame
    bytes_per_s: float
    count_per_s: float
    steadiness: float


def rates_of_looks(times_s: Sequence[float], looks: Sequence[Sequence[Kept]]) -> list[Rate]:
    """Return the rate of each line from several looks at one window, which began at time 0.

    What was allocated before the first look counts as far as it went on: a line that has settled by then has no rate.

    Args:
        times_s: seconds from the beginning of the window to each look, rising.
        looks: what was there at each.
    """
    sizes, counts = zip(*(_by_line(look) for look in looks), strict=True)
    rates = []
    for frame in sizes[-1]:
        steps = [after[frame] - before[frame] for before, after in itertools.pairwise(sizes)]
        span = times_s[-1] - times_s[0]
        mean = (sizes[-1][frame] - sizes[0][frame]) / span
        even = min(steps) / (sum(steps) / len(steps)) if sum(steps) > 0 else 0.0
        count = (counts[-1][frame] - counts[0][frame]) / span
        rates.append(Rate(frame=frame, bytes_per_s=mean, count_per_s=max(count, 0.0), steadiness=max(even, 0.0)))
    return rates


def rates_of_windows(lengths_s: Sequence[float], windows: Sequence[Sequence[Kept]]) -> list[Rate]:
    """Return the rate of each line from windows that each begin with nothing.

    The longer window is believed: in it, what lives for a while only has had the time to go.
    """
    sizes, counts = zip(*(_by_line(window) for window in windows), strict=True)
    rates = []
    for frame in {frame for size in sizes for frame in size}:
        each = [size[frame] / length for size, length in zip(sizes, lengths_s, strict=True)]
        low, mean = min(each), sum(each) / len(each)
        longest = max(range(len(each)), key=lambda position: lengths_s[position])
        rates.append(
            Rate(
                frame=frame,
                bytes_per_s=each[longest],
                count_per_s=counts[longest][frame] / lengths_s[longest],
                steadiness=low / mean if mean > 0 else 0.0,
            )
        )
    return rates


def _by_line(kept: Iterable[Kept]) -> tuple[dict[Frame, float], dict[Frame, float]]:
    sizes: dict[Frame, float] = defaultdict(float)
    counts: dict[Frame, float] = defaultdict(float)
    for each in kept:
        frame = user_frame(each.stack)
        if frame is not None:
            sizes[frame] += each.size
            counts[frame] += each.allocations
    return sizes, counts
