"""Pairs of columns: what each of some has in common with each of others, in the form that weighing them wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from leakdoc.detection.stats.multiplying import product
from leakdoc.detection.stats.series import FloatArray, IntArray, Mask

SingleArray = npt.NDArray[np.float32]
COLLINEAR: Final = 1e-7  # what a column adds to others, as a part of itself: less is rounding


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """Pairs of columns, f firsts by k seconds; in single precision, but for `shared`, for weights need no more.

    Args:
        firsts: shape (f,), ascending.
        seconds: shape (k,).
        shared: shape (r, f, k), their products.
        own: shape (r, f, k), the length of the second over what it adds to the first.
        common: shape (r, f, k), the product over what the second adds.
        log_weight: shape (r, f, k), what their size makes of a weight; minus infinity for pairs that are one.
    """

    firsts: IntArray
    seconds: IntArray
    shared: FloatArray
    own: SingleArray
    common: SingleArray
    log_weight: SingleArray

    def explained(self, chosen: IntArray, h1: FloatArray, h2: FloatArray) -> SingleArray:
        """Return what pairs explain of the sum of squares, shape (r, s, f, k).

        Args:
            chosen: shape (s, f), which of the firsts.
            h1: shape (r, s, f), the firsts times the values.
            h2: shape (r, s, k), the seconds times the values.
        """
        first, second = h1.astype(np.float32)[..., None], h2.astype(np.float32)[:, :, None]
        out, both = self.own.take(chosen, axis=1), self.common.take(chosen, axis=1)
        out *= second
        both *= first
        out -= both
        out *= out
        out += first * first
        return out


def pairs_of(unit: FloatArray, log_size: FloatArray, usable: Mask, firsts: IntArray, seconds: IntArray) -> Pairs:
    """Reckon what columns have in common; see `Products` for the arguments."""
    shared = product(unit[:, firsts], np.swapaxes(unit[:, seconds], 1, 2))
    gain, sound = gain_of(1.0 - shared * shared)
    size = log_size[:, firsts, None] + log_size[:, None, seconds] - np.log(gain)
    sound &= usable[firsts][:, None] & usable[seconds]
    own = np.sqrt(gain)
    return Pairs(
        firsts=firsts, seconds=seconds, shared=shared, own=own.astype(np.float32),
        common=(own * shared).astype(np.float32),
        log_weight=np.where(sound, -0.5 * (size - size[:1]), -np.inf).astype(np.float32),
    )  # fmt: skip


def gain_of(room: FloatArray) -> tuple[FloatArray, Mask]:
    """Return one over what a column adds, and whether that is more than rounding under every autocorrelation."""
    return 1.0 / np.maximum(room, 0.1 * COLLINEAR), np.all(room > COLLINEAR, axis=0)
