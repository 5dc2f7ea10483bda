"""Which numbers are instants: seconds since the epoch that a calendar can hold."""

from __future__ import annotations

from typing import Final

EARLIEST: Final = -62_135_596_800.0  # 0001-01-01, the first day of datetime
LATEST: Final = 253_402_300_799.0  # 9999-12-31T23:59:59, its last second; milliseconds since 1978 are beyond it


def is_instant(at: float) -> bool:
    """Say whether a number can be a time; NaN, infinities and milliseconds since the epoch cannot."""
    return EARLIEST <= at <= LATEST
