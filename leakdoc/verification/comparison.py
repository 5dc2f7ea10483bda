"""Both sides measured: everything that the checks and the decision rules read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from leakdoc.detection.detectors.growth import series_of
from leakdoc.detection.detectors.memory import is_garbage
from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.policies import Policies
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import Growth
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.metrics import MEMORY
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace
from leakdoc.verification.alone import Alone, alone
from leakdoc.verification.assessing import Assessed, assess
from leakdoc.verification.channels import (
    TOTAL_CONNECTIONS,
    WITH_SWAP,
    column_of_finding,
    common_memory,
    judged_columns,
    was_read,
    with_sums,
)
from leakdoc.verification.leak import Leak, leak_of
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.windows import latest_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A channel on which no finding of before rests, as it is after.

    Args:
        before: null where the channel was not read before.
    """

    column: Column
    before: Growth | None
    after: Growth

    @property
    def leaks(self) -> bool:
        """Whether it leaks after."""
        return self.after.decision is Decision.LEAKING

    @property
    def is_new(self) -> bool:
        """Whether it leaks after and did not before."""
        return self.leaks and (self.before is None or self.before.decision is not Decision.LEAKING)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Both sides, the leaks of before, and the channels that may have begun to leak.

    Args:
        before: with the columns that are sums.
        after: the same, of the build that came last only.
        leaks: the one on which most rests first: memory, where that leaked.
        alone: the process that still leaks among others that do not; null where there is none.
        limit: the ceiling of memory that was asked for; null leaves it to the source.
    """

    before: Trace
    after: Trace
    said_before: Diagnosis
    said_after: Diagnosis
    leaks: tuple[Assessed, ...]
    fresh: tuple[Fresh, ...]
    policy: VerificationPolicy
    alone: Alone | None = None
    limit: float | None = None

    @property
    def named(self) -> list[Assessed]:
        """The leaks without the sums that only repeat them: what is worth naming to a person."""
        peers = any(_is_peer(each.leak.column) for each in self.leaks)
        sums = {WITH_SWAP, TOTAL_CONNECTIONS} if peers else {WITH_SWAP}
        return [each for each in self.leaks if each.leak.column not in sums or each is self.primary]

    @property
    def primary(self) -> Assessed | None:
        """The leak on which most rests; null where before did not leak."""
        return self.leaks[0] if self.leaks else None


def compare(before: Trace, after: Trace, policies: Policies, policy: VerificationPolicy) -> Comparison:
    """Measure both sides."""
    latest = latest_version(after)
    said_before, said_after = diagnose(before, policies=policies), diagnose(latest, policies=policies)
    old, new = with_sums(before), with_sums(latest)
    new = _with_absent_peers(old, new)
    leaks = tuple(
        assess(leak, new, policies.growth, policy) for leak in _leaks(old, new, said_before, policies, policy)
    )
    known = {each.leak.column for each in leaks}
    return Comparison(
        before=old,
        after=new,
        said_before=said_before,
        said_after=said_after,
        leaks=leaks,
        fresh=tuple(_fresh(old, new, known, _garbage(said_after, latest), policies)),
        alone=None if not leaks else alone(leaks[0], new, policies.growth, policy),
        policy=policy,
        limit=policies.growth.limit,
    )


def _with_absent_peers(before: Trace, after: Trace) -> Trace:
    """A peer that is not seen after has no connections there, where connections were read at all."""
    total = after.columns.get(TOTAL_CONNECTIONS)
    if total is None:
        return after
    absent = {column for column in before.columns if _is_peer(column)} - set(after.columns)
    return replace(after, columns={**after.columns, **dict.fromkeys(absent, total * 0.0)})


def _is_peer(column: Column) -> bool:
    return column.metric == "connections" and [name for name, _ in column.labels] == ["peer"]


def _leaks(
    before: Trace, after: Trace, said: Diagnosis, policies: Policies, policy: VerificationPolicy
) -> Iterator[Leak]:
    """Every leak of before, memory first; a leak by peer also in total, memory also together with swap."""
    found: dict[Column, Leak] = {}
    leaking = [column_of_finding(each, before) for each in said.findings if each.decision is Decision.LEAKING]
    for column in dict.fromkeys(leaking):
        both = common_memory(before, after) if column.metric in MEMORY and not was_read(after, column) else None
        for candidate in (both, column):  # a memory metric that both sides have, if it shows the leak as well
            leak = None if candidate is None else leak_of(candidate, before, policies.growth, policy)
            if leak is not None:
                found[leak.column] = leak
                break
    for column, of in ((WITH_SWAP, lambda c: c.metric in MEMORY), (TOTAL_CONNECTIONS, _is_peer)):
        rate = max((leak.rate_per_s for part, leak in found.items() if of(part)), default=None)
        if rate is not None and column not in found and was_read(before, column):
            leak = leak_of(column, before, policies.growth, policy, rate_per_s=rate)
            found |= {} if leak is None else {column: leak}
    yield from found.values()


def _garbage(said: Diagnosis, trace: Trace) -> dict[Column, str]:
    """The columns whose growth collections may give back, with the reason."""
    return {column_of_finding(each, trace): each.reason for each in said.findings if is_garbage(each)}


def _fresh(
    before: Trace, after: Trace, known: set[Column], garbage: Mapping[Column, str], policies: Policies
) -> Iterator[Fresh]:
    for column in judged_columns(after):
        if column in known:
            continue
        old = judge(series_of(before, column), policies.growth) if was_read(before, column) else None
        new = judge(series_of(after, column), policies.growth)
        if column in garbage and new.decision is Decision.LEAKING:
            new = replace(new, decision=Decision.INCONCLUSIVE, reason=garbage[column], confidence=None)
        yield Fresh(column=column, before=old, after=new)
