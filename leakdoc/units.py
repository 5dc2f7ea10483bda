"""Durations, sizes, rates and instants: read from text, written for people.

Durations are written ``90s``, ``15m``, ``6h``, ``3d``; sizes ``64MiB``; rates ``1MiB/h``. Inside, a duration is
seconds, a size is bytes, a rate is units a second, and an instant is seconds since the epoch in UTC.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import Final, Literal

from leakdoc.errors import UsageError

Unit = Literal["bytes", "count", "seconds"]

SECONDS: Final = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
BYTES: Final = {
    "B": 1,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
    "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
}  # fmt: skip
SMALLEST_SHOWN: Final = 1e-3  # of a count or an hour's worth of it: what is less is a fit's rounding
_FAR: Final = 4.0  # times the lower end: more would be many digits of a small unit
_BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB")
_IMMENSE: Final = 1e15  # digits beyond are of no use to anybody
_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_DURATION_PART: Final = re.compile(rf"({_NUMBER})(ms|s|m|h|d|w)")
_SIZE: Final = re.compile(rf"({_NUMBER}) ?([A-Za-z]*)")


def parse_duration(text: str) -> float:
    """Read a duration such as ``90s``, ``15m`` or ``1h30m``; a bare number is seconds.

    Returns:
        Seconds, finite and not negative.

    Raises:
        UsageError: the text is not a duration.
    """
    stripped = text.strip()
    if re.fullmatch(_NUMBER, stripped):
        stripped += "s"
    parts = _DURATION_PART.findall(stripped)
    duration = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if not parts or "".join(number + unit for number, unit in parts) != stripped or not math.isfinite(duration):
        raise UsageError(f"not a duration: {text!r}", help="Write it like 90s, 15m, 6h, 3d or 1h30m.")
    return duration


def parse_size(text: str) -> float:
    """Read a size such as ``64MiB`` or ``512MB``; a bare number is bytes.

    Raises:
        UsageError: the text is not a size, or one that no number holds.
    """
    match = _SIZE.fullmatch(text.strip())
    unit = match.group(2) if match else ""
    known = {name.lower(): factor for name, factor in BYTES.items()} | {
        "": 1, "k": 2**10, "ki": 2**10, "m": 2**20, "mi": 2**20, "g": 2**30, "gi": 2**30,
    }  # fmt: skip
    size = float(match.group(1)) * known.get(unit.lower(), math.inf) if match else math.inf
    if not math.isfinite(size):
        raise UsageError(f"not a size: {text!r}", help="Write it like 64MiB, 2GiB or 512MB.")
    return size


def parse_rate(text: str) -> float:
    """Read a rate such as ``1MiB/h`` or ``5/m``.

    Returns:
        Bytes (or things) per second.

    Raises:
        UsageError: the text is not a rate.
    """
    amount, slash, per = text.strip().partition("/")
    if not slash or per not in SECONDS:
        raise UsageError(f"not a rate: {text!r}", help="Write it like 1MiB/h, 64KiB/s or 5/m.")
    return parse_size(amount) / SECONDS[per]


def parse_time(text: str) -> float:
    """Read an instant: seconds since the epoch, or ISO 8601 (without an offset it is UTC).

    Returns:
        Seconds since the epoch.

    Raises:
        ValueError: the text is neither.
    """
    stripped = text.strip()
    try:
        return _finite(float(stripped))
    except ValueError:
        moment = datetime.fromisoformat(stripped)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError(f"not a finite time: {number}")
    return number


def format_time(at: float) -> str:
    """Write seconds since the epoch as ISO 8601 with an offset, to the millisecond where there are any."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def format_duration(seconds: float) -> str:
    """Write a duration with at most two units: ``45 s``, ``90 min``, ``5 h``, ``4 days``."""
    size, name = _unit_of(seconds)
    return f"{seconds * 1e3:.0f} ms" if seconds < 0.9995 else f"{_short(seconds / size)} {name}"


def format_durations(low: float, high: float) -> str:
    """Write the ends of an interval, in one unit where neither end would be hard to read in it: ``109 to 126 min``."""
    size, name = _unit_of(low)
    if low >= 0.9995 and (high <= _FAR * low or _unit_of(high) == (size, name)):
        return f"{_short(low / size)} to {_short(high / size)} {name}"
    return f"{format_duration(low)} to {format_duration(high)}"


def _unit_of(seconds: float) -> tuple[float, str]:
    for limit, size, name in ((120.0, 1.0, "s"), (7_200.0, 60.0, "min"), (172_800.0, 3_600.0, "h")):
        if seconds < limit:
            return size, name
    return (86_400.0, "days") if seconds < 730 * 86_400.0 else (365.25 * 86_400.0, "years")


def format_size(size: float) -> str:
    """Write bytes with a binary prefix and about three digits: ``512 MiB``."""
    magnitude = abs(size)
    step = 0
    while magnitude >= 1023.5 and step < len(_BINARY) - 1:
        magnitude /= 1024.0
        step += 1
    digits = f"{magnitude:.3g}" if step and not 999.5 <= magnitude < _IMMENSE else f"{magnitude:.0f}"
    sign = "-" if size < 0 and digits != "0" else ""
    return f"{sign}{digits} {_BINARY[step]}"


def format_amount(amount: float, unit: Unit) -> str:
    """Write an amount of a metric: a size, a duration, or a plain count."""
    if unit == "bytes":
        return format_size(amount)
    return format_duration(amount) if unit == "seconds" else _short(amount)


def format_rate(per_hour: float, unit: Unit) -> str:
    """Write an hourly rate with its sign: ``+70 MiB/h``."""
    sign = "+" if per_hour >= 0 else "-"
    return f"{sign}{format_amount(abs(per_hour), unit)}/h"


def _short(number: float) -> str:
    magnitude = abs(number)
    if magnitude < SMALLEST_SHOWN:
        return "0"
    if magnitude >= _IMMENSE:
        return f"{number:.3g}"
    if magnitude >= 99.95 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.1f}".removesuffix(".0") if magnitude >= 9.995 else f"{number:.2g}"
