"""The picture of a proof in text: memory before and after, on one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from leakdoc.model.exact_samples import decode
from leakdoc.units import format_size

_BARS: Final = "▁▂▃▄▅▆▇█"
_NAMES: Final = ("before", "after ")
_WIDTH: Final = 40
_MOST: Final = 8 << 20  # samples of one column


def picture_of(proof: Mapping[str, Any]) -> str:
    """Return two lines, before and after; empty where the proof holds no memory of both."""
    samples = proof.get("samples")
    sides = [_memory(samples.get(side)) if isinstance(samples, Mapping) else None for side in ("before", "after")]
    if not sides[0] or not sides[1]:
        return ""
    low = min(min(each) for each in sides if each)
    high = max(max(each) for each in sides if each)
    told = [
        f"{name} {sparkline(each, low, high)}" for name, each in zip(("before", "after "), sides, strict=True) if each
    ]
    return "\n".join([*told, f"from {format_size(low)} to {format_size(high)}"])


def sparkline(values: Sequence[float], low: float, high: float) -> str:
    """Return values as bars, each the mean of its share of them, on a scale from `low` to `high`."""
    count = min(_WIDTH, len(values))
    shares = [values[len(values) * each // count : len(values) * (each + 1) // count] for each in range(count)]
    scale = (len(_BARS) - 1) / ((high - low) or 1.0)
    return "".join(_BARS[round((sum(share) / len(share) - low) * scale)] for share in shares)


def _memory(side: Any) -> list[float] | None:
    """Return the first column in bytes of one side's samples."""
    if not isinstance(side, Mapping):
        return None
    preferred = ("private_bytes", "rss_bytes", "anon_bytes", "working_set_bytes")
    name = next((each for each in preferred if isinstance(side.get(each), str)), None)
    try:
        values = decode(str(side[name]), most=_MOST).tolist() if name is not None else []
    except ValueError:
        return None
    return [each for each in values if math.isfinite(each)] or None
