"""A channel that leaked before, and how a look at what came after is held against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.model.decision import Decision
from leakdoc.model.metrics import metric
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace
from leakdoc.units import Unit
from leakdoc.verification.late_start import late_start_s
from leakdoc.verification.measuring import Measured, measure
from leakdoc.verification.pauses import longest_pause_requests, longest_pause_s
from leakdoc.verification.policy import VerificationPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """A channel that leaked before.

    Args:
        rate_per_s: the old rate of one process, against which the new one is held.
        pause_s: the longest pause of the old growth.
        pause_requests: the same in requests; null where they are not known.
        began_s: the age at which it began, told where a process stands that does not leak; see `late_start_s`.
    """

    column: Column
    before: Measured
    rate_per_s: float
    pause_s: float
    pause_requests: float | None
    began_s: Callable[[float, float], float]

    @property
    def unit(self) -> Unit:
        """The channel's unit."""
        return metric(self.column.metric).unit

    def load_ratio(self, look: Measured) -> float:
        """Return the load of one process after, as a share of that before; 1 where it is not known."""
        if look.requests is None or not self.before.requests or min(look.exposure_s, self.before.exposure_s) <= 0.0:
            return 1.0
        return (look.requests / look.exposure_s) / (self.before.requests / self.before.exposure_s)

    def expected(self, look: Measured) -> float:
        """Return how far the old leak would have grown in this look, by time or by requests, whichever is less."""
        return self.rate_per_s * look.exposure_s * min(1.0, self.load_ratio(look))

    def largest_share(self, look: Measured, rate_per_s: float) -> float:
        """Return a new rate as a share of the old, by time or by requests, whichever is larger."""
        share = rate_per_s / self.rate_per_s
        return share * max(1.0, 1.0 / max(self.load_ratio(look), 1e-9)) if share > 0.0 else share

    def smallest_share(self, look: Measured, rate_per_s: float) -> float:
        """Return a new rate as a share of the old, by time or by requests, whichever is smaller."""
        share = rate_per_s / self.rate_per_s
        return share * min(1.0, 1.0 / max(self.load_ratio(look), 1e-9)) if share > 0.0 else share


def leak_of(
    column: Column,
    before: Trace,
    growth: GrowthPolicy,
    policy: VerificationPolicy,
    *,
    rate_per_s: float | None = None,
) -> Leak | None:
    """Measure a channel as it was before.

    Args:
        rate_per_s: the old rate to hold against, where the channel's own cannot be told, as that of a sum.

    Returns:
        Null where there is no old growth to hold the new one against.
    """
    old = measure(before, column, growth, policy)
    if old.growth.decision is Decision.LEAKING and old.rate_per_s is not None:
        rate_per_s = old.rate_per_s
    if rate_per_s is None or rate_per_s <= 0.0:
        return None
    noise = old.noise or 0.0
    return Leak(
        column=column,
        before=old,
        rate_per_s=rate_per_s,
        pause_s=longest_pause_s(before, column, noise, rate_per_s),
        pause_requests=longest_pause_requests(before, column, noise, rate_per_s),
        began_s=lambda base, share: late_start_s(before, column, rate_per_s, base, share),
    )
