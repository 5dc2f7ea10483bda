"""The sentences: one for each rule, saying what a person can act on."""

from __future__ import annotations

import numpy as np

from leakdoc.detection.stats.case import Case
from leakdoc.detection.stats.exposure import PerEffort
from leakdoc.detection.stats.forecast import half_by, time_to_limit, worst_time_to_limit
from leakdoc.detection.stats.shapes import FAMILIES
from leakdoc.units import format_amount, format_duration, format_durations, format_rate

_HOUR_S = 3_600.0
_WORDS = {family.name: family.words for family in FAMILIES}


def _rate(case: Case, per_s: float) -> str:
    return format_rate(abs(per_s) * _HOUR_S * case.processes, case.unit).removeprefix("+")


def _bare(case: Case, per_s: float) -> str:
    """The rate without its unit where that is the estimate's own: ``66`` beside ``70 MiB/h``."""
    assert case.slope is not None
    text, model = _rate(case, per_s), _rate(case, case.slope.estimate)
    suffix = model.partition(" ")[2]
    return text.removesuffix(f" {suffix}") if suffix else text.removesuffix("/h")


def _rise(case: Case, amount: float) -> str:
    """How much it rose: of whole things as many as come next to the fit."""
    return format_amount(float(np.rint(abs(amount))) if case.unit == "count" else abs(amount), case.unit)


def _again(seconds: float | None, to: str = "") -> str:
    """When to look again, of what depends on what the process does next; `to`: what for."""
    return _none_would(to) if seconds is None else f"look again in about {format_duration(seconds)}{_for(to)}"


def _wait(needs: float | None, to: str = "") -> str:
    return _none_would(to) if needs is None else f"needs about {format_duration(needs)} more{_for(to)}"


def _none_would(to: str) -> str:
    return f"no longer look would {to or 'settle it'}"


def _for(to: str) -> str:
    return f" to {to}" if to else ""


def too_little(case: Case, needs: float | None) -> str:
    """Too few readings."""
    if case.too_large:
        return "the values are too large for a rate to be told"
    wait = f"; about {format_duration(needs)} more may do" if needs is not None else ""
    over = format_duration(case.span)
    if case.samples >= case.policy.min_samples and case.lives > 1:
        return f"{case.lives} lives in {over} leave too little of each to judge{wait}"
    if case.samples >= case.policy.min_samples:
        return f"only {case.bins} points are left to judge, of {over}{wait}"
    if case.samples == 1:
        return f"one usable reading is too little to judge{wait}"
    return f"{case.samples} usable readings over {over} are too few to judge{wait}"


def slowing_down(needs: float | None) -> str:
    """Growth that slows down, its end not in sight."""
    return f"grows ever slower, and this window does not show whether it ends; {_wait(needs)}"


def below_what_matters(case: Case) -> str:
    """Surely slower than what matters."""
    assert case.slope is not None and case.policy.smallest is not None
    most, asked = max(case.at_worst, 0.0), case.policy.smallest / case.processes
    return f"grows at most {_rate(case, most)}, under the {_rate(case, asked)} that was asked for"


def leaking(case: Case) -> str:
    """Growth without an end, and when it meets the limit."""
    return f"{growing(case)}{_limit(case)}"


def growing(case: Case) -> str:
    """How it grows: rate, shape, how long, and what does not explain it."""
    assert case.slope is not None
    low, high = _bare(case, case.slope.low), _bare(case, case.slope.high)
    over = f" in {case.lives} lives, one after the other," if case.lives > case.processes == 1 else ""
    how = f"{_WORDS[case.shape or 'linear']}{over} for {format_duration(case.grew_for)}"
    per = ", in step with the requests" if case.axis == "requests" else ""
    load = ", not explained by load" if case.load_shaped and not per else ""
    return f"grows {_rate(case, case.slope.estimate)} ({low} to {high}), {how}{per}{load}{_cycle(case)}"


def _cycle(case: Case) -> str:
    """What was taken out beside the growth, so that a reader of the graph knows that its waves were seen."""
    return "" if case.cycle is None else f", beside a cycle of {format_duration(case.cycle)}"


def as_high_before(case: Case) -> str:
    """A rise that takes back a fall."""
    assert case.slope is not None
    return (
        f"rises {_rate(case, case.slope.estimate)} now, but had been as high before and came back; "
        f"a wave, or a leak: {_again(half_by(case))}"
    )


def no_exposure(case: Case) -> str:
    """Growth while there were requests."""
    assert case.fit is not None
    rose = _rise(case, case.fit.rise)
    return f"rose {rose} with the requests, which have all but ceased since; look again under load"


def more_than_asked(case: Case, needs: float) -> str:
    """More than the user cares for, and little in the window."""
    assert case.slope is not None and case.policy.smallest is not None
    asked = _rate(case, case.policy.smallest / case.processes)
    return (
        f"grows {_rate(case, case.slope.estimate)}, above the {asked} that was asked for, but in "
        f"{format_duration(case.span)} too little to call a leak; needs about {format_duration(needs)} more"
    )


def too_short(case: Case, needs: float) -> str:
    """Quiet, for a moment."""
    return f"no growth in {format_duration(case.span)}; about {format_duration(needs)} more shows what comes by steps"


def too_few_rises(case: Case) -> str:
    """A staircase of a few steps."""
    assert case.fit is not None
    most, needed = case.most_rises, case.policy.min_rises
    if case.rises is None or case.rises != most:
        return f"rose by about {most} only; {needed} or more would show a staircase that does not end"
    many = "one jump" if most == 1 else f"{most} jumps"
    return f"rose in {many} only; {needed} or more would show a staircase that does not end"


def not_for_long(case: Case, needs: float) -> str:
    """It looks like a leak, and like a start-up."""
    assert case.slope is not None
    rate, wait = _rate(case, case.slope.estimate), format_duration(needs)
    return f"grows {rate} so far; about {wait} more tells a leak from a start or a cache that fills"


def ever_slower(case: Case, again: float | None) -> str:
    """It grows, and slows down as what fills does."""
    assert case.slope is not None
    rate, span = _rate(case, case.slope.estimate), format_duration(case.span)
    return f"grows {rate}, slower in each third of {span}, as a cache that fills; {_again(again)}"


def less_per_effort(case: Case, brought: PerEffort, again: float | None) -> str:
    """It grows, and what it does for it brings less and less, as hits take the place of misses."""
    assert case.slope is not None
    rate = _rate(case, case.slope.estimate)
    first, last = (format_amount(each, case.unit) for each in (brought.first, brought.last))
    return (
        f"grows {rate}, but less and less per CPU second ({first} at first, {last} now), as a cache that fills; "
        f"{_again(again)}"
    )


def _limit(case: Case) -> str:
    when = time_to_limit(case)
    if when is None:
        return ""
    if when.estimate <= 0.0:
        return "; the limit is already passed"
    soon = when.low or 0.0
    span = f"{format_duration(soon)} to no end" if when.high is None else format_durations(soon, when.high)
    return f"; limit in {format_duration(when.estimate)} ({span})"


def warming_up(case: Case) -> str:
    """A rise that is ending."""
    assert case.fit is not None
    rose = _rise(case, case.fit.rise)
    shape = "" if case.shape in (None, "saturating") else f" ({_WORDS[case.shape]})"
    return f"rose {rose} and is levelling off{shape}; look again once it has been flat"


def perhaps(case: Case, again: float | None) -> str:
    """Plausible growth, not yet sure."""
    assert case.slope is not None
    return f"may grow {_rate(case, case.slope.estimate)}, but noise or warm-up explains it too; {_again(again)}"


def rose_lately(case: Case, again: float | None) -> str:
    """A step in the last part of the window."""
    assert case.fit is not None
    rose = _rise(case, case.fit.late_rise)
    return f"rose {rose} not long ago; a single step, or one of a staircase: {_again(again)}"


def too_wide(case: Case, again: float | None) -> str:
    """Too noisy to have seen what matters."""
    if case.doubtful_lives:
        return doubtful_lives()
    target = max(case.smallest, case.may_hide / max(case.longest, 1.0))
    return _again(again, f"prove or rule out {_rate(case, target)}")


def doubtful_lives() -> str:
    """Restarts that were inferred, and may be none."""
    return "falls so often that collections and restarts cannot be told apart; process start times would settle it"


def given_back_since() -> str:
    """A fall that may be a restart, and no growth since."""
    return "grew until a fall that is a restart, or memory given back, and not since; process start times would tell"


def less_was_asked(case: Case, needs: float | None) -> str:
    """The user cares for less than would have shown."""
    assert case.shows is not None and case.policy.smallest is not None
    seen, asked = _rate(case, case.shows), _rate(case, case.policy.smallest / case.processes)
    return f"no growth seen, but less than {seen} would not have been; {_wait(needs, f'prove or rule out {asked}')}"


def must_last(case: Case, lasts: float, needs: float | None) -> str:
    """The worst case does not last as long as it must."""
    assert case.policy.must_last is not None
    if lasts <= 0.0:
        return "no growth seen, but the limit is already passed"
    return (
        f"no growth seen, but at worst the limit is reached in {format_duration(lasts)}, "
        f"sooner than the {format_duration(case.policy.must_last)} that it must last; {_wait(needs, 'rule that out')}"
    )


def no_limit_known(case: Case) -> str:
    """It must last, until a limit that nobody told."""
    assert case.policy.must_last is not None
    lasts = format_duration(case.policy.must_last)
    return f"no growth seen, but no limit is known that it must not reach within {lasts}; give one with --limit"


def load_driven(case: Case) -> str:
    """The load explains it."""
    assert case.fit is not None
    moves = format_amount(case.fit.load_effect, case.unit)
    return f"follows the load, which moves it by {moves}, and comes back with it; {_unseen(case)}"


def stable(case: Case) -> str:
    """Nothing that matters."""
    return f"{_unseen(case)}{_cycle(case)}"


def another_step(case: Case, again: float | None) -> str:
    """At rest between steps."""
    assert case.fit is not None
    rose = _rise(case, case.fit.rise)
    return f"rose {rose} by steps, and another may follow; {_again(again)}"


def at_rest(whole: Case, since: str) -> str:
    """A rise that ended long ago."""
    assert whole.fit is not None
    return f"rose {_rise(whole, whole.fit.rise)} earlier; since then {since}"


def _unseen(case: Case) -> str:
    """What would have shown, and the worst case; what surely grows, be it ever so slowly, is told by its most."""
    assert case.slope is not None
    span, worst = format_duration(case.span), worst_time_to_limit(case)
    if worst is not None:
        at_worst = _reached(worst)
    else:
        at_worst = f"at worst grows {_rate(case, case.at_worst)}" if case.at_worst > 0.0 else "at worst falls"
    seen, matters = case.shows or 0.0, case.material / case.longest
    if seen < case.slope.high < matters and case.slope.low > 0.0:
        most, least = _rate(case, case.slope.high), _rate(case, matters)
        return f"grows at most {most}, under the {least} that matter in {span}; {at_worst}"
    seen = max(seen, case.slope.high) if case.slope.low > 0.0 else seen
    return f"nothing above {_rate(case, seen)} would have gone unseen in {span}; {at_worst}"


def _reached(worst: float) -> str:
    if worst <= 0.0:
        return "the limit is already passed"
    return f"at worst the limit is reached in {format_duration(worst)}"
