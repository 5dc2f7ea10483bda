"""Taking the memory out of autocorrelated errors, for every degree of it at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.stats.binning import Bins
from leakdoc.detection.stats.quantiles import median
from leakdoc.detection.stats.series import FloatArray, IntArray

RHOS: Final = np.asarray((0.0, 0.35, 0.62, 0.8, 0.9, 0.955, 0.985))
_LONGEST_GAP: Final = 50.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Whitener:
    """The Prais-Winsten transform for first-order autoregressive errors, for every value of `RHOS`.

    A gap of d usual intervals leaves a correlation of rho**d (Prais and Winsten 1954; Savin and White 1978).

    Args:
        carry: shape (r, n): what the row before is multiplied by; zero for the first row of a life.
        shrink: shape (r, n): what the difference is divided by, so that all have the same variance.
        log_det: shape (r,): what the transform adds to the log-likelihood.
    """

    carry: FloatArray
    shrink: FloatArray
    log_det: FloatArray

    def __call__(self, columns: FloatArray) -> FloatArray:
        """Transform columns of shape (n, c) to (r, n, c)."""
        before = np.concatenate([columns[:1], columns[:-1]])
        return np.asarray((columns[None] - self.carry[:, :, None] * before[None]) / self.shrink[:, :, None])

    def rows(self, rho: IntArray, values: FloatArray) -> FloatArray:
        """Transform values of shape (s, n), each under its own of the autocorrelations, shape (s,)."""
        before = np.concatenate([values[:, :1], values[:, :-1]], axis=1)
        return np.asarray((values - self.carry[rho] * before) / self.shrink[rho])


def whitener_of(bins: Bins) -> Whitener:
    """Build the transform for these bins."""
    opens = np.append(True, np.diff(bins.life) > 0)
    gaps = np.diff(bins.t, prepend=bins.t[0])
    usual = median(gaps[~opens]) if np.any(~opens) else 1.0
    gaps = np.clip(gaps / (usual or 1.0), 0.1, _LONGEST_GAP)
    rho = RHOS[:, None]
    carry = np.where(opens, 0.0, rho ** np.where(opens, 1.0, gaps))
    variance = np.where(opens, 1.0, 1.0 - carry**2) / (1.0 - rho**2)
    return Whitener(carry=carry, shrink=np.sqrt(variance), log_det=-0.5 * np.sum(np.log(variance), axis=1))
