"""Is the growth gone, in every channel that leaked, and has none begun to leak?"""

from __future__ import annotations

from typing import Final

from leakdoc.model.decision import CheckOutcome, Decision
from leakdoc.model.finding import Json
from leakdoc.model.proof import Check
from leakdoc.units import format_rate
from leakdoc.verification.alone import Alone
from leakdoc.verification.assessing import Assessed
from leakdoc.verification.channels import SWAP, WITH_SWAP, title, was_read
from leakdoc.verification.comparison import Comparison, Fresh
from leakdoc.verification.figures import plain_figures

_HOUR_S: Final = 3_600.0
PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN


def exposure(case: Comparison) -> Check:
    """Would the old leak have shown by now?"""
    return _of_primary(case, "exposure")


def pauses(case: Comparison) -> Check:
    """Was it watched for longer than the old leak used to pause?"""
    return _of_primary(case, "pauses")


def slope(case: Comparison) -> Check:
    """Is the new rate zero within a margin that matters?"""
    return _of_primary(case, "slope")


def level(case: Comparison) -> Check:
    """Is it under the old peak, and not stepping up?"""
    return _of_primary(case, "level")


def _of_primary(case: Comparison, question: str) -> Check:
    primary = case.primary
    if primary is None:
        return Check(name=question, outcome=UNKNOWN, reason="before shows no leak to hold this against")
    if primary.look is None:
        name = title(primary.leak.column)
        return Check(name=question, outcome=UNKNOWN, reason=f"{name} was not read after")
    answer = primary.answers[question]
    numbers: dict[str, Json] = {
        "channel": primary.leak.column.text, **answer.numbers, "needs_more_s": answer.needs_more_s
    }  # fmt: skip
    return Check(name=question, outcome=answer.outcome, reason=answer.reason, numbers=numbers)


def warm_up(case: Comparison) -> Check:
    """How much of the start of the new processes was cut."""
    look = None if case.primary is None else case.primary.look
    if look is None:
        return Check(name="warm_up", outcome=UNKNOWN, reason="there is nothing to cut")
    if look.cut <= 0.0:
        return Check(name="warm_up", outcome=PASSED, reason="none had to be cut", numbers={"cut": 0.0})
    told = f"the first {look.cut:.0%} of every new life were cut"
    return Check(name="warm_up", outcome=PASSED, reason=told, numbers={"cut": look.cut})


def plain(case: Comparison) -> Check:
    """A straight line through the floors, without any model, must agree."""
    primary = case.primary
    if primary is None or primary.look is None:
        return Check(name="plain_slopes", outcome=UNKNOWN, reason="there is nothing to lay a line through")
    cut = max(primary.look.cut, case.policy.first_cut)
    figures = plain_figures(case.before, case.after, primary.leak.column, cut, case.policy)
    if figures is None:
        return Check(name="plain_slopes", outcome=UNKNOWN, reason="there are too few readings for a line")
    ratio = figures.slope_after_per_s / figures.slope_before_per_s if figures.slope_before_per_s > 0.0 else None
    numbers: dict[str, Json] = {
        "channel": primary.leak.column.text, "cut": cut, "share": ratio,
        "slope_before_per_s": figures.slope_before_per_s, "slope_after_per_s": figures.slope_after_per_s,
        "level_before": figures.level_before, "level_after": figures.level_after, "expected": figures.expected,
    }  # fmt: skip
    if primary.look.growth.decision is Decision.LOAD_DRIVEN:
        return Check(name="plain_slopes", outcome=PASSED, reason="what is left follows the load", numbers=numbers)
    if ratio is None:
        return Check(
            name="plain_slopes", outcome=UNKNOWN, reason="a line through before does not rise", numbers=numbers
        )
    told = f"a line through the floors rises at {max(ratio, 0.0):.0%} of the old rate"
    outcome = PASSED if ratio < case.policy.plain_share else FAILED
    return Check(name="plain_slopes", outcome=outcome, reason=told, numbers=numbers)


def each_process(case: Comparison) -> Check:
    """Of many processes none may leak on while the others do not."""
    name, found = "each_process", case.alone
    if case.primary is None or case.primary.look is None:
        return Check(name=name, outcome=UNKNOWN, reason="there is no leak to look for in each of them")
    if found is None:
        many = len(case.after.lives)
        told = f"none of {many} leaks by itself" if many > 1 else "there is only one"
        return Check(name=name, outcome=PASSED, reason=told, numbers={"processes": many})
    told = one_alone(case.primary, found)
    numbers: dict[str, Json] = {"processes": found.processes, "pid": found.life.pid, "rate_per_s": found.rate_per_s}
    return Check(name=name, outcome=FAILED, reason=told, numbers=numbers)


def one_alone(primary: Assessed, found: Alone) -> str:
    """Say which process leaks on."""
    who = "one" if found.life.pid is None else f"pid {found.life.pid}"
    now = format_rate(found.rate_per_s * _HOUR_S, primary.leak.unit)
    was = format_rate(primary.leak.rate_per_s * _HOUR_S, primary.leak.unit)
    return f"{who} of {found.processes} processes still grows {now}, where each grew {was}"


def other_channels(case: Comparison) -> Check:
    """Every other channel that leaked before must be shown to be gone as well."""
    others = [each for each in case.leaks[1:] if each.leak.column != WITH_SWAP]
    numbers: dict[str, Json] = {each.leak.column.text: _numbers(each) for each in others}
    unproven = [each for each in others if not each.proven]
    again = [each for each in case.fresh if each.leaks and not each.is_new]
    if not unproven and not again:
        told = f"proven as well: {', '.join(title(each.leak.column) for each in others)}" if others else "none leaked"
        return Check(name="other_channels", outcome=PASSED, reason=told, numbers=numbers)
    leaking = again or any(each.still is not None for each in unproven)
    whys = [f"{title(each.leak.column)}: {_why_open(each)}" for each in unproven] + [_told([each]) for each in again]
    return Check(
        name="other_channels",
        outcome=FAILED if leaking else UNKNOWN,
        reason="; ".join(whys),
        numbers=numbers | _rates(again),
    )


def _numbers(each: Assessed) -> Json:
    return {
        name: {"outcome": str(answer.outcome), **answer.numbers, "needs_more_s": answer.needs_more_s}
        for name, answer in each.answers.items()
    }


def _why_open(each: Assessed) -> str:
    worst = [answer for answer in each.answers.values() if answer.outcome is not PASSED]
    return worst[0].reason if worst else "not read after"


def swap(case: Comparison) -> Check:
    """Memory that went to swap is not given back."""
    both = next((each for each in case.leaks if each.leak.column == WITH_SWAP), None)
    if both is None or both.look is None:
        read = was_read(case.after, SWAP)
        told = "memory with swap did not leak before" if read else "swap was not read after"
        numbers: dict[str, Json] = {} if read else {"unread": True}
        return Check(name="swap", outcome=PASSED if read else UNKNOWN, reason=told, numbers=numbers)
    numbers = {"channels": _numbers(both)}
    if both.proven:
        return Check(name="swap", outcome=PASSED, reason="memory and swap together are flat too", numbers=numbers)
    outcome = FAILED if both.still is not None or both.answers["level"].outcome is FAILED else UNKNOWN
    return Check(name="swap", outcome=outcome, reason=f"memory and swap together: {_why_open(both)}", numbers=numbers)


def no_new_leak(case: Comparison) -> Check:
    """The leak may have moved: no channel that was sound before may leak after."""
    new = [each for each in case.fresh if each.is_new]
    if new:
        return Check(name="no_new_leak", outcome=FAILED, reason=_told(new), numbers=_rates(new))
    doubtful = [each for each in case.fresh if _is_doubtful(each, case)]
    if doubtful:
        return Check(name="no_new_leak", outcome=UNKNOWN, reason=_told(doubtful), numbers=_rates(doubtful))
    told = f"none of {len(case.fresh)} other channels began to leak" if case.fresh else "no other channel was read"
    return Check(name="no_new_leak", outcome=PASSED, reason=told, numbers={"looked_at": len(case.fresh)})


def _is_doubtful(fresh: Fresh, case: Comparison) -> bool:
    return fresh.after.decision is Decision.INCONCLUSIVE and (fresh.after.probability or 0.0) >= case.policy.doubtful


def _told(channels: list[Fresh]) -> str:
    return "; ".join(f"{title(each.column)} {each.after.reason}" for each in channels)


def _rates(channels: list[Fresh]) -> dict[str, Json]:
    return {
        each.column.text: {
            "rate_per_s": None if each.after.slope_per_s is None else each.after.slope_per_s.estimate,
            "probability": each.after.probability,
            "before": None if each.before is None else str(each.before.decision),
            "needs_more_s": each.after.wait_s,
        }
        for each in channels
    }
