"""All that is known of one series when it is decided on."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.detection.stats.exposure import PerEffort
from leakdoc.detection.stats.measuring import BestFit, Slope
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The numbers behind a verdict, in the series' unit and seconds; what could not be computed is null.

    Args:
        samples: usable readings.
        bins: medians, or collections, that were fitted.
        span: seconds from the first to the last reading.
        interval: usual seconds between readings.
        longest: seconds of the longest life.
        grows: probability of growth without an end.
        hidden: probability of growth beside so much else that it proves nothing yet.
        undecided: probability of growth that slows down so late that its end cannot be foretold.
        settles: weight of the shapes that level off after a rise.
        slope: at the end, among the growing shapes, per second.
        detectable: the smallest slope that this data would have shown.
        smallest: the slope that matters to the user.
        tail: whether the last part still grows.
        ran_before: seconds for which the youngest of the present processes had run at the first reading.
        since_level: seconds from the bin whose level is the present one, the last, to the last reading.
        lives: how many processes, one after the other or side by side, the bins come from.
        doubtful_lives: whether restarts that nobody recorded were inferred so often that they may be collections.
        present: how fast the present life alone rose at most, per second, where its start was inferred from a fall
            and it is long enough to say; null elsewhere.
        grew_for: seconds for which the growth has lasted.
        rises: how many jumps make up most of the rise of a staircase; null where the series is none.
        quiet: whether a staircase has rested for much longer than between its steps.
        ever_slower: whether each third of a planned watch has grown much slower than the one before.
        per_effort: what a second of processor time brought at first and lately, where that has fallen all the while;
            null elsewhere.
        least_bins: how many bins, or collections, a verdict needs.
        least_growth: seconds of growth that hold as many readings, or collections, as a verdict needs.
        too_large: whether a rate of these values an hour cannot be written as a number.
        cycle: seconds of a cycle that was taken out; null without one.
        slowing: seconds until a slowing growth shows where it ends.
    """

    unit: Unit
    policy: GrowthPolicy
    alpha: float
    samples: int
    bins: int
    span: float
    interval: float
    longest: float
    grows: float = 0.0
    hidden: float = 0.0
    undecided: float = 0.0
    settles: float = 0.0
    load_shaped: bool = False
    cycle: float | None = None
    shape: str | None = None
    axis: str = "time"
    slope: Slope | None = None
    fit: BestFit | None = None
    detectable: float | None = None
    smallest: float = 0.0
    tail: bool = True
    doubtful_lives: bool = False
    present: float | None = None
    ran_before: float = 0.0
    since_level: float = 0.0
    lives: int = 1
    grew_for: float = 0.0
    slowing: float = 0.0
    processes: int = 1
    rises: int | None = None
    quiet: bool = False
    ever_slower: bool = False
    per_effort: PerEffort | None = None
    least_bins: int = 0
    least_growth: float = 0.0
    limit: float | None = None
    too_large: bool = False

    @property
    def material(self) -> float:
        """Growth in the window that is more than noise."""
        if self.fit is None:
            return 0.0
        by_noise = self.policy.material_noise * self.fit.noise
        if self.unit == "count":
            return max(self.policy.material_count, by_noise)
        least = self.policy.material_size if self.unit == "bytes" else 0.0
        return max(self.policy.material_fraction * abs(self.fit.level), least, by_noise)

    @property
    def unseen(self) -> float:
        """Growth a second that may have come without a trace: into an arena mapped before, or a part of one thing."""
        least = {"bytes": self.policy.material_size, "count": 1.0}.get(self.unit, 0.0)
        return least / self.longest if self.longest > 0.0 else 0.0

    @property
    def shows(self) -> float | None:
        """The slowest growth a second that this data would have shown."""
        return None if self.detectable is None else self.detectable + self.unseen

    @property
    def at_worst(self) -> float:
        """The fastest growth a second that this data does not rule out."""
        return 0.0 if self.slope is None else self.slope.worst + self.unseen

    @property
    def missed_load(self) -> float:
        """Growth in the window that may be what the request rate does not tell of the load."""
        return 0.0 if self.fit is None else self.policy.material_load * self.fit.load_effect

    @property
    def must_last_longer(self) -> float:
        """Seconds for which growth must still go on before it may be called a leak; zero or less where it may be."""
        policy = self.policy
        at_once = max(policy.lasts_at_least - self.span, self.least_growth - self.grew_for)
        if policy.planned is None:
            return at_once
        usual = policy.patience * (policy.planned - self.span + self.grew_for)
        missing = self._patience(usual, policy.planned) - self.grew_for
        return at_once if self._fills_within(usual - self.grew_for) else max(at_once, missing)

    def _fills_within(self, seconds: float) -> bool:
        """Whether the limit would be reached before that."""
        if self.slope is None or self.fit is None or self.limit is None or self.slope.low <= 0.0:
            return False
        return self.limit / self.processes - self.fit.level <= self.slope.low * seconds

    def _patience(self, usual: float, planned: float) -> float:
        """Seconds for which growth must have lasted in a planned watch, where it can wait.

        Of two proportions the smaller counts. What went on already at the first look most likely began long before: if
        it has gone on for k times the watch, it is k times less likely to be met just before its end. And of caches few
        are many times as large as the process that fills them: what has added k times its start is waited for k times
        less.
        """
        if self.fit is None or self.slope is None or self.slope.low <= 0.0 or self.grew_for <= 0.0:
            return usual
        rise = self.slope.low * min(self.grew_for, self.longest)  # what a restart gave back is not held
        start = max(self.fit.level - rise, 0.0)
        at_most = min(self.ran_before, start / self.slope.low)  # for longer it cannot have grown so
        by_age = planned / max(at_most, planned) if self.fit.began <= 0.0 else 1.0
        by_size = self.policy.urgent_rise * start / rise
        return max(min(by_age, by_size, 1.0) * usual, min(usual, self.policy.urgent_after))

    @property
    def given_back_since(self) -> bool:
        """Whether it grew only before a fall that was taken for a restart, and may have given the growth back."""
        if self.present is None or self.slope is None:
            return False
        return self.present < self.policy.tail_slope * self.slope.estimate

    @property
    def claimed_rise(self) -> float:
        """What the growth would have added since it began; where it grew ever faster, its slope was not always so."""
        if self.slope is None or self.fit is None:
            return 0.0
        return self.fit.rise if self.shape == "accelerating" else self.slope.estimate * self.grew_for

    @property
    def most_rises(self) -> int | None:
        """In how many jumps it rose at most: of whole things no more than were added; null where nothing tells."""
        if self.unit != "count" or self.slope is None:
            return self.rises
        added = round(max(self.slope.estimate, 0.0) * self.span * self.processes)
        return added if self.rises is None else min(self.rises, added)

    @property
    def proven(self) -> float:
        """Probability of growth that counts for a verdict: beside much else only where it stands out sharply."""
        if self.slope is None or self.fit is None:
            return 0.0
        sharp = self.slope.low >= self.policy.sharp_slope * self.slope.estimate > 0.0
        large = self.slope.estimate * self.longest >= self.policy.sharp_share * abs(self.fit.rise)
        return self.grows + self.hidden if sharp and large else self.grows

    @property
    def rise_that_matters(self) -> float:
        """A rise, or an effect of the load, worth a word."""
        if self.fit is None:
            return 0.0
        by_noise = self.policy.rise_noise * self.fit.noise
        if self.unit == "count":
            return max(self.policy.material_count, by_noise)
        return max(self.policy.rise_fraction * abs(self.fit.level), by_noise)

    @property
    def may_hide(self) -> float:
        """Growth in the window that `stable` must have been able to see."""
        if self.fit is None:
            return 0.0
        if self.unit == "count":
            return max(self.policy.unseen_count, self.policy.unseen_fraction * abs(self.fit.level))
        return self.policy.unseen_fraction * abs(self.fit.level)
