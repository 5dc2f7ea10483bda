"""Every threshold of the growth judge: its unit, its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.detection.policy import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthPolicy:
    """What counts as growth, and how sure one must be. Rates are in the series' unit a second."""

    smallest: float | None = setting(
        None, unit="rate", why="the slowest growth worth a verdict; without it 1 % of the present level an hour"
    )
    smallest_fraction_per_hour: float = setting(
        0.01, unit="fraction", why="a process that grows 1 % an hour doubles in about three days"
    )
    limit: float | None = setting(None, unit="size", why="the ceiling, where the source does not tell it")
    must_last: float | None = setting(
        None, unit="duration", why="`stable` is not said while the worst case still reaches the limit sooner"
    )
    alpha: float = setting(0.05, unit="probability", why="two-sided error of the interval of a single look")
    min_samples: int = setting(30, unit="count", why="fewer readings cannot tell a trend from its noise")
    min_bins: int = setting(8, unit="count", why="fewer bins, or GC cycles, leave no room for a shape and its error")
    bins: int = setting(80, unit="count", why="medians of 80 bins keep every shape that matters and drop the spikes")
    leak_probability: float = setting(
        0.725, unit="probability", why="weight of the growing shapes; of what passes it, over 99 % leaks (laboratory)"
    )
    family_share: float = setting(
        0.05, unit="fraction", why="a shape twenty times less likely than the best has no say in the interval"
    )
    line_share: float = setting(
        0.5, unit="fraction", why="a straight line with more than half of the weight of what grows speaks alone"
    )
    burst_share: float = setting(
        0.45, unit="fraction", why="jumps of less than 0.45 of the rise may be bursts of the growth beside them"
    )
    rate_doubt: float = setting(
        0.002, unit="fraction", why="nothing grows along an exact line: a rate is not known to more than 0.2 %"
    )
    fit_degrees: float = setting(
        3.0, unit="number", why="a fit's own variance counts as three cosines of its rest: autocorrelation is a guess"
    )
    interval_width: float = setting(
        0.95, unit="fraction", why="averages over autocorrelations are cautious: so wide, 95 % hold 95 % (laboratory)"
    )
    undecided_probability: float = setting(
        0.5, unit="probability", why="weight of slow saturation and logarithm at which the tail cannot be foretold"
    )
    material_fraction: float = setting(
        0.004, unit="fraction", why="growth of less than 0.4 % of the level in the window is within page noise"
    )
    material_noise: float = setting(
        1.0, unit="number", why="growth in the window must stand out of the residual standard deviation"
    )
    material_load: float = setting(
        0.05, unit="fraction", why="a request rate misses 2 % of the load's effect at either end of the window"
    )
    material_size: float = setting(
        262_144.0, unit="size", why="256 KiB, one arena of CPython's allocator: less is how it happens to be filled"
    )
    material_count: float = setting(1.5, unit="number", why="one more descriptor or thread is no trend; two may be")
    sure_probability: float = setting(
        0.95, unit="probability", why="the most that a look with a small share of the error rate asks for"
    )
    doubt_per_alpha: float = setting(
        40.0, unit="number", why="a shape may be wrong 40 times as often as its interval: measured over 20 looks"
    )
    doubt_share: float = setting(
        0.1, unit="fraction", why="a verdict errs a tenth as often as its shapes' weights say (laboratory)"
    )
    doubt_always: float = setting(
        0.01, unit="probability", why="no list of shapes is complete: a hundredth is left to what none of them is"
    )
    odds_power: float = setting(
        1.6, unit="number", why="shapes' weights understate their odds: fitted on tuning seeds (Platt 1999)"
    )
    odds_factor: float = setting(
        0.27, unit="number", why="and overstate growth where it is faint: one in four of even weights leaks"
    )
    lasts_at_least: float = setting(
        20.0, unit="duration", why="start-up, imports and small caches rise for seconds, and look the same so far"
    )
    planned: float | None = setting(
        None, unit="duration", why="how long a watch that may stop early was to last; null for a single look"
    )
    patience: float = setting(
        0.6, unit="fraction", why="of what a planned watch had left when growth began: a cache that fills is a ramp"
    )
    known_share: float = setting(
        0.2, unit="fraction", why="a slope whose lower end is less than a fifth of it is hardly known yet"
    )
    urgent_rise: float = setting(
        1.0, unit="fraction", why="what has added k times its start is waited for k times less: few caches are so large"
    )
    urgent_after: float = setting(
        45.0, unit="duration", why="but for so long at least: start-up and small caches are done by then"
    )
    slower_third: float = setting(
        0.7, unit="fraction", why="each third of a watch 0.7 as steep as the one before, or less, is how a cache fills"
    )
    effort_kept: float = setting(
        0.75, unit="fraction", why="growth per CPU second that falls to less than 0.75 is how a cache fills"
    )
    effort_falls: float = setting(
        0.5, unit="fraction", why="and in three of four pairs of its parts: no CPU second is quite as many requests"
    )
    effort_late: float = setting(
        0.8, unit="fraction", why="and to 0.8 in the last two thirds alone: beside a leak, a warm-up ends before"
    )
    effort_even: float = setting(
        0.9, unit="fraction", why="not where it kept 0.9 of its pace by the clock: a leak's requests may get slower"
    )
    sharp_slope: float = setting(
        0.75, unit="fraction", why="growth beside steps proves a leak where its lower end is 0.75 of it: dicts double"
    )
    sharp_share: float = setting(
        0.3, unit="fraction", why="and where it makes up 0.3 of the whole rise; heaps that wander reach neither"
    )
    lasting_rise: float = setting(
        0.5, unit="fraction", why="a leak is never given back: half of what the slope claims must be there at the end"
    )
    fall_noise: float = setting(
        4.0, unit="number", why="a fall of less than four times the noise is what noise does between its extremes"
    )
    tail_fraction: float = setting(0.4, unit="fraction", why="what has not grown in the last 40 % has stopped")
    tail_slope: float = setting(0.4, unit="fraction", why="a tail slower than 0.4 of the whole has levelled off")
    tail_exposure: float = setting(
        0.25, unit="fraction", why="growth that goes with the requests cannot go on once these have all but ceased"
    )
    settled_fraction: float = setting(0.3, unit="fraction", why="flat over the last 30 %: warm-up is over")
    rise_fraction: float = setting(0.02, unit="fraction", why="a warm-up or load effect under 2 % is not worth a word")
    rise_noise: float = setting(2.0, unit="number", why="a warm-up or load effect must exceed twice the noise")
    unseen_fraction: float = setting(
        0.05, unit="fraction", why="data in which growth of 5 % could hide cannot support `stable`"
    )
    unseen_count: float = setting(3.0, unit="number", why="the same for counts of things")
    step_persistence: float = setting(
        0.75, unit="number", why="steps explain a series only if what they leave is not itself made of steps"
    )
    shape_doubt: float = setting(
        0.0015, unit="fraction", why="no process grows along an exact curve: 4 % of a rise (its square here) is misfit"
    )
    load_doubt: float = setting(
        0.0005, unit="fraction", why="a request rate is not the load itself: 2 % of its effect (squared here) is missed"
    )
    step_distrust: float = setting(
        2.5, unit="number", why="the power of the remaining persistence with which a fit by steps loses weight"
    )
    drop_fraction: float = setting(0.4, unit="fraction", why="a fall of 40 % of the range is taken for a restart")
    spike_deviations: float = setting(8.0, unit="number", why="Hampel's filter, wide enough to spare every trend")
    spike_fraction: float = setting(0.03, unit="fraction", why="more outliers than 3 % are behaviour, not error")
    cycle_swing: float = setting(0.35, unit="fraction", why="a collection gives back a third of the usual range")
    cycle_fall: float = setting(0.4, unit="fraction", why="a collection falls quicker than the heap rose")
    min_rises: int = setting(
        4, unit="count", why="three jumps at odd moments are chance; from four on their evenness can be seen"
    )
    quiet_pauses: float = setting(
        2.5, unit="number", why="a staircase at rest for 2.5 times its longest pause has, most likely, ended"
    )
    min_cycles: int = setting(5, unit="count", why="with fewer collections the floor is guesswork")
    season_from: float = setting(129_600.0, unit="duration", why="1.5 days tell a daily course from a trend")
