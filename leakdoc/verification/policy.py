"""Every threshold of a proof: its unit, its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.detection.policy import setting
from leakdoc.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPolicy:
    """How much of the old growth may be left, and what must have been seen before anything is said.

    Shares without another word are shares of the old growth rate, by time and by requests, whichever is larger.
    """

    flat_share: float = setting(
        0.2, unit="fraction", why="a fifth of the old rate, by the best estimate, still counts as gone"
    )
    flat_upper_share: float = setting(
        0.3,
        unit="fraction",
        why="what may still hide, at 95 %, must be well under the smallest improvement worth a word",
    )
    negligible_upper_share: float = setting(
        0.1, unit="fraction", why="where not even a tenth can hide, it does not matter whether what is left is noise"
    )
    retry_widening: float = setting(
        1.3, unit="number", why="intervals are this much wider when a warm-up is cut, as several cuts are tried"
    )
    not_fixed_share: float = setting(0.6, unit="fraction", why="most of the old growth is still there")
    improved_upper_share: float = setting(
        0.75, unit="fraction", why="a quarter must be gone at 95 % before growth that goes on is called improved"
    )
    worse_share: float = setting(1.2, unit="number", why="a fifth more than before, one-sided at 95 %")
    one_sided_deviations: float = setting(1.645, unit="number", why="one-sided 95 % of the normal distribution")
    exposure_noise: float = setting(
        3.0, unit="number", why="the old growth must stand out of the new noise by three standard deviations"
    )
    exposure_level: float = setting(0.01, unit="fraction", why="... and be at least 1 % of the level")
    exposure_count: float = setting(3.0, unit="number", why="... or three things, where things are counted")
    pauses: float = setting(
        1.5, unit="number", why="a leak that came in bursts must have had time for another one and a half pauses"
    )
    late_start_share: float = setting(
        0.7, unit="fraction", why="what had grown less than 30 % of its pace by its first sample had begun late in life"
    )
    requests_share: float = setting(
        0.15, unit="fraction", why="fewer requests than 15 % of those before may miss the ones that leak"
    )
    steady_requests_share: float = setting(
        0.1, unit="fraction", why="a tenth will do where the old leak grew in every third of as many requests"
    )
    steady_pauses: float = setting(
        3.0, unit="number", why="... which is to say that it paused for less than a third of those served after"
    )
    load_share: float = setting(0.3, unit="fraction", why="at under 30 % of the old load the leaking path may be idle")
    cpu_share: float = setting(
        0.1, unit="fraction", why="where requests are not known, a tenth of the CPU time says that hardly anything runs"
    )
    first_cut: float = setting(0.2, unit="fraction", why="cut of every new life that removes a short warm-up")
    second_cut: float = setting(0.35, unit="fraction", why="the next try, for a longer warm-up")
    last_cut: float = setting(0.5, unit="fraction", why="more than half cut leaves too little to speak of the rest")
    level_part: float = setting(0.25, unit="fraction", why="the level is the median of the last quarter")
    peak_quantile: float = setting(0.98, unit="fraction", why="the old peak, without lone spikes")
    step_share: float = setting(
        0.2, unit="fraction", why="from its first to its last quarter it may rise by this share of the old growth"
    )
    step_noise: float = setting(2.0, unit="number", why="... and by twice the noise, which alone moves a median less")
    names_may_differ: float = setting(
        0.0, unit="fraction", why="processes of two names are two services until somebody says 1: they are one"
    )
    unit_share: float = setting(
        500.0,
        unit="number",
        why="kilobytes taken for bytes are a thousandth; no fix makes memory that small at its start",
    )
    end_part: float = setting(
        0.05, unit="fraction", why="a leak that began again within the last twentieth moves no line and no median yet"
    )
    end_readings: int = setting(
        5, unit="count", why="the end is the median of five readings: two spikes do not move it"
    )
    end_least_before: int = setting(20, unit="count", why="fewer readings do not tell how high it usually comes")
    end_noise: float = setting(
        3.0, unit="number", why="the end stands this many deviations above the peaks of before, which noise hardly does"
    )
    end_share: float = setting(
        0.2, unit="fraction", why="... by a fifth of what the old leak would have added at the end: warm-ups creep"
    )
    end_level: float = setting(0.002, unit="fraction", why="... and by this share of the level: a page is no leak")
    plain_bins: int = setting(24, unit="count", why="floors of two dozen bins a life for the figures without a model")
    plain_share: float = setting(
        0.5, unit="fraction", why="a straight line through the floors must agree that the growth is gone"
    )
    alone_share: float = setting(
        0.3, unit="fraction", why="a process whose line rises at that share of the old rate is judged by itself"
    )
    alone_most: int = setting(4, unit="count", why="the steepest processes tell whether any of them still leaks")
    beside_share: float = setting(
        0.8, unit="fraction", why="of after that ran beside before: the canary and the stable version of the same hour"
    )
    fall_share: float = setting(
        1.5, unit="number", why="a fall half as large again as any before is none of the usual collections"
    )
    fall_deviations: float = setting(
        2.0, unit="number", why="... and noise alone falls by two of its own standard deviations and more"
    )
    rises_share: float = setting(
        0.75, unit="fraction", why="noise rises as often as it falls; what grows slowly and restarts only falls at once"
    )
    lopsided_fall_share: float = setting(
        1.05, unit="number", why="... and then a fall that is larger than any before is suspect already"
    )
    given_back_share: float = setting(
        0.3, unit="fraction", why="restarts that hid the old leak gave back most of what it grew, one life aside"
    )
    limit_share: float = setting(
        0.95, unit="fraction", why="memory this close to its limit is held there by the kernel, and cannot show growth"
    )
    near_limit_share: float = setting(
        0.8, unit="fraction", why="a kill at four fifths of the limit is the level's; lower down it was a spike"
    )
    falling_share: float = setting(
        0.5,
        unit="fraction",
        why="what surely falls at half the old pace has not settled: a season does that",
    )
    doubtful: float = setting(
        0.5, unit="probability", why="a channel whose growth is likelier than not cannot be passed over as undecided"
    )

    def __post_init__(self) -> None:
        """Raise UsageError where a cut would leave nothing."""
        if max(self.cuts) >= 1.0:
            raise UsageError("a cut of everything leaves nothing to compare", help="Cut less than 1 of every life.")

    @property
    def cuts(self) -> tuple[float, ...]:
        """What is cut off the start of every new life, in the order in which it is tried."""
        return (0.0, self.first_cut, self.second_cut, self.last_cut)
