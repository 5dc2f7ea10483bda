"""How much of its error rate a watch may spend at each look.

A watch that asks after every minute, and stops at the first "leaking", errs more often than one that asks once.
Spending functions divide the overall error rate over the looks (Lan and DeMets, Biometrika 70, 1983).
"""

from __future__ import annotations

import math


def spend(look: int, looks: int | None = None, *, overall: float = 0.05) -> float:
    """Return the two-sided error rate of one look, so that all looks together err at most `overall`.

    With a known number of looks the rate is Pocock's spending function, which gives early looks nearly as much as
    late ones: a clear leak is told early. Without one, look k may spend overall / (k (k + 1)), which adds up to
    `overall` however long the watch goes on.

    Args:
        look: from 1.
        looks: how many there will be at most; null for no end. Looks beyond it get what the last one had.
        overall: between 0 and 1.

    Raises:
        ValueError: `look` or `looks` is less than one, or `overall` is no probability.
    """
    if look < 1 or (looks is not None and looks < 1) or not 0.0 < overall < 1.0:
        raise ValueError("looks count from 1, and the overall error rate lies between 0 and 1")
    if looks is None:
        return overall / (look * (look + 1))
    at = min(look, looks)
    return pocock(at / looks, overall=overall) - pocock((at - 1) / looks, overall=overall)


def pocock(share: float, *, overall: float) -> float:
    """Return the error rate spent by this share of all looks, nearly evenly (Pocock 1977, as a spending function)."""
    return overall * math.log1p((math.e - 1.0) * share)
