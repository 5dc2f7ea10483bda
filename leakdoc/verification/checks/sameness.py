"""Is there something to compare, and is it the same thing on both sides?"""

from __future__ import annotations

from typing import Final

from leakdoc.model.decision import CheckOutcome, Decision
from leakdoc.model.finding import Json
from leakdoc.model.proof import Check
from leakdoc.model.subject import SubjectKind
from leakdoc.redact import inert
from leakdoc.units import format_size
from leakdoc.verification.channels import WITH_SWAP, judged_columns, title
from leakdoc.verification.comparison import Comparison

_MOST_NAMED: Final = 4


def before_leaked(case: Comparison) -> Check:
    """Before must be a proven leak: a fix of nothing proves nothing."""
    names = [title(each.leak.column) for each in case.named]
    if names:
        return Check(
            name="before_leaked",
            outcome=CheckOutcome.PASSED,
            reason=f"before leaked: {', '.join(names)}",
            numbers={"channels": [each.leak.column.text for each in case.leaks]},
        )
    undecided = case.said_before.decision is Decision.INCONCLUSIVE
    return Check(
        name="before_leaked",
        outcome=CheckOutcome.UNKNOWN if undecided else CheckOutcome.FAILED,
        reason=f"before is no proven leak: {case.said_before.reason}",
        numbers={"decision": str(case.said_before.decision), "channels": []},
    )


def same_metrics(case: Comparison) -> Check:
    """What leaked before must have been read after."""
    missing = [each.leak.column for each in case.leaks if each.look is None and each.leak.column != WITH_SWAP]
    if not missing:
        return _in_one_unit(case)
    names, has = ", ".join(title(column) for column in missing), _read_after(case)
    return Check(
        name="same_metrics",
        outcome=CheckOutcome.UNKNOWN,
        reason=f"leaked before, and was not read after: {names}; after has {has}: give one metric on both sides",
        numbers={"missing": [column.text for column in missing]},
    )


def _read_after(case: Comparison) -> str:
    """Name what after has readings of."""
    read = sorted({column.metric for column in judged_columns(case.after)} - {WITH_SWAP.metric})
    if not read:
        return "no readings"
    return ", ".join(inert(name) for name in read[:_MOST_NAMED]) + (" and more" if len(read) > _MOST_NAMED else "")


def _in_one_unit(case: Comparison) -> Check:
    """No fix makes memory so small as a column of kilobytes makes it that is taken for bytes."""
    for each in case.leaks:
        before, look = each.leak.before.first_level, each.look
        if each.leak.unit != "bytes" or look is None or look.level is None or before is None:
            continue
        if look.level * case.policy.unit_share < before:
            told = f"{title(each.leak.column)} was {format_size(before)} and is {format_size(look.level)} after"
            return Check(
                name="same_metrics",
                outcome=CheckOutcome.UNKNOWN,
                reason=f"{told}: are both in one unit? Give both in bytes",
                numbers={"channel": each.leak.column.text, "before": before, "after": look.level},
            )
    return Check(name="same_metrics", outcome=CheckOutcome.PASSED, reason="what leaked before was read after too")


def same_subject(case: Comparison) -> Check:
    """Names of files may differ, which is noted; processes of two names may be two services."""
    old, new = case.before.subject, case.after.subject
    before, after = inert(old.name), inert(new.name)
    numbers: dict[str, Json] = {"same_name": before == after, "same_kind": old.kind is new.kind}
    if before == after:
        return Check(name="same_subject", outcome=CheckOutcome.PASSED, reason=f"both are {before}", numbers=numbers)
    told = f"the names differ, {before} and {after}"
    if old.kind is new.kind is SubjectKind.PROCESS and not case.policy.names_may_differ:
        cure = "if both are one service, say so with --policy verification.names_may_differ=1"
        return Check(name="same_subject", outcome=CheckOutcome.UNKNOWN, reason=f"{told}: {cure}", numbers=numbers)
    assumed = f"{told}: that both are one service is assumed"
    return Check(name="same_subject", outcome=CheckOutcome.PASSED, reason=assumed, numbers=numbers)


def order(case: Comparison) -> Check:
    """Samples from before the leak are no samples from after the fix."""
    if not len(case.before) or not len(case.after):
        return Check(name="order", outcome=CheckOutcome.UNKNOWN, reason="one side has no samples")
    gap = float(case.after.times.min() - case.before.times.max())
    if case.after.times.max() < case.before.times.min():
        told = "after ends before before begins: are they swapped, or is it an older baseline?"
        return Check(name="order", outcome=CheckOutcome.FAILED, reason=told, numbers={"gap_s": gap})
    told = "after follows before" if gap >= 0.0 else "the two overlap in time"
    return Check(name="order", outcome=CheckOutcome.PASSED, reason=told, numbers={"gap_s": gap})
