"""Instants as records write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

_MILLISECONDS: Final = 1e11  # a number above this counts milliseconds: as seconds it would be the year 5138


def seconds(value: Any) -> float | None:
    """Return an instant in seconds since the epoch, or null: numbers of s or ms, or ISO 8601 (naive is UTC)."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return _iso(value)
    if number != number or number <= 0:
        return None
    return number / 1000 if number > _MILLISECONDS else number


def _iso(value: Any) -> float | None:
    try:
        instant = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
