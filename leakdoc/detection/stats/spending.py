"""How much of its error rate a watch may spend at each look.

A watch that asks after every minute, and stops at the first "leaking", errs more often than one that asks once.
Spending functions divide the overall error rate over the looks by how far the watch has come, however often it looks
(Lan and DeMets, Biometrika 70, 1983).
"""

from __future__ import annotations

import math


def spent(share: float, *, overall: float = 0.05, endless: bool = False) -> float:
    """Return the two-sided error rate that all looks up to here may have spent together.

    Args:
        share: how far the watch has come, 1 being its planned end.
        overall: between 0 and 1.
        endless: whether the watch may go on beyond 1; half of the rate is then kept for what comes after.

    Raises:
        ValueError: `share` is negative, or `overall` is no probability.
    """
    if not share >= 0.0 or not 0.0 < overall < 1.0:
        raise ValueError("shares count from 0, and the overall error rate lies between 0 and 1")
    planned = 0.5 * overall if endless else overall
    beyond = overall - planned
    rest = beyond * (1.0 - 1.0 / share) if share > 1.0 else 0.0
    return rest + pocock(min(share, 1.0), overall=planned)


def pocock(share: float, *, overall: float) -> float:
    """Return the error rate spent by this share of a watch, nearly evenly (Pocock 1977, as a spending function)."""
    return overall * math.log1p((math.e - 1.0) * share)


def spend(look: int, looks: int | None = None, *, overall: float = 0.05) -> float:
    """Return the error rate of one look where nothing is known of how far it is: all together spend `overall`.

    Look k of a known number may spend an equal part; without one, overall / (k (k + 1)), for ever.

    Raises:
        ValueError: `look` or `looks` is less than one, or `overall` is no probability.
    """
    if look < 1 or (looks is not None and looks < 1) or not 0.0 < overall < 1.0:
        raise ValueError("looks count from 1, and the overall error rate lies between 0 and 1")
    return overall / (look * (look + 1)) if looks is None else overall / looks
