"""What can still be said after a kill: growth per life, since which build, against which load, and what stays open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.memory import judged_memory
from leakdoc.detection.policies import Policies
from leakdoc.errors import UsageError
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import metric
from leakdoc.model.postmortem import Death, LifeStory, Postmortem
from leakdoc.model.sample import Column
from leakdoc.model.trace import Life, Trace
from leakdoc.units import format_duration, format_size, format_time
from leakdoc.verification.windows import keep

_NEAR: Final = 20.0  # usual pauses between samples within which the last sample of what was killed must lie
_LATE: Final = 5.0  # usual pauses without a sample, after which a process is taken to have ended
_AT_LIMIT: Final = 0.9  # of the limit: so near that the kernel's kill needs no further explanation
_LOAD: Final = Column("requests_total")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Case:
    """What the causes are told from.

    Args:
        recorded: reasons for ends that the server has a record of, with how often: ``OOMKilled``, ``Evicted``.
        untold: why the server did not give its record; null where it did.
        usual_s: the usual pause between samples.
    """

    trace: Trace
    column: Column
    killed: Life | None
    at: float
    limit: float | None
    recorded: Mapping[str, float]
    usual_s: float
    growth: Finding | None
    untold: str | None = None

    @property
    def last_level(self) -> float | None:
        """The memory of the last sample before the end."""
        if self.killed is None:
            return None
        values = self.trace.columns[self.column][self.killed.rows]
        told = values[np.isfinite(values)]
        return float(told[-1]) if len(told) else None


def postmortem(
    trace: Trace, at: float, *, recorded: Mapping[str, float] | None = None, untold: str | None = None,
    policies: Policies | None = None, until: float | None = None,
) -> Postmortem:  # fmt: skip
    """Say what samples tell of a workload around the moment of a kill.

    Args:
        trace: of the workload, from well before the moment to a little after it.
        at: the moment; seconds since the epoch.
        recorded: reasons for ends of its containers, as the server has a record of them around the moment.
        untold: why the server did not give that record.
        until: the end of what was looked at: a process that nothing followed ended before it.

    Raises:
        UsageError: there is no sample before the moment.
    """
    policies = policies or Policies()
    if not len(trace) or float(np.min(trace.times)) > at:
        raise UsageError(f"there is no sample before {format_time(at)}", help="Look further back with --since.")
    name = judged_memory(trace)
    column = Column(name or "rss_bytes")
    usual = _usual(trace)
    end = _end(trace, until, usual)
    killed = _killed(trace, at, usual, end)
    own = None if killed is None else killed.limit_bytes
    limit = _limit_of_one(trace, usual) if own is None else own
    lives = tuple(_stories(trace, column, killed, end - _LATE * usual, policies)) if name else ()
    case = _Case(
        trace=trace, column=column, killed=killed, at=at, limit=limit, recorded=recorded or {}, usual_s=usual,
        growth=None if name is None else _growth(trace, column, policies), untold=untold,
    )  # fmt: skip
    since, since_reason = _since(trace, column, policies) if name else (None, "no metric of memory was read")
    return Postmortem(
        subject=trace.subject, at=at, metric=name, limit=limit, lives=lives, death=_death(case), since=since,
        since_reason=since_reason, load=_load(case), cannot_be_known=tuple(_unknown(case)),
    )  # fmt: skip


def _stories(
    trace: Trace, column: Column, killed: Life | None, lately: float, policies: Policies
) -> Iterator[LifeStory]:
    for life in trace.lives:
        own = _of(trace, [life])
        values = trace.columns[column][life.rows]
        told = values[np.isfinite(values)]
        found = _growth(own, column, policies)
        times = trace.times[life.rows]
        yield LifeStory(
            version=life.version, started_at=life.started_at, first=float(times[0]), last=float(times[-1]),
            samples=len(told), decision=found.decision, reason=found.reason, slope_per_hour=found.slope_per_hour,
            peak=float(np.max(told)) if len(told) else None, at_end=float(told[-1]) if len(told) else None,
            running=float(times[-1]) >= lately, killed=life is killed,
        )  # fmt: skip


def _growth(trace: Trace, column: Column, policies: Policies) -> Finding:
    return find_growth(trace, column, policies.growth)


def _of(trace: Trace, lives: Sequence[Life]) -> Trace:
    rows = np.zeros(len(trace), dtype=bool)
    for life in lives:
        rows[life.rows] = True
    return keep(trace, rows)


def _usual(trace: Trace) -> float:
    pauses = [np.diff(trace.times[life.rows]) for life in trace.lives]
    every = np.concatenate(pauses) if pauses else np.zeros(0)
    return float(np.median(every)) if len(every) else 60.0


def _end(trace: Trace, until: float | None, usual: float) -> float:
    """When whoever still runs was read last: by the others, or by the time in which a scrape must have come."""
    latest = float(np.max(trace.times))
    return latest if until is None else max(latest, until - _LATE * usual)


def _killed(trace: Trace, at: float, usual: float, latest: float) -> Life | None:
    """The life whose samples end where the kill is said to have been; null where none does."""
    ends = [(abs(at - float(trace.times[life.stop - 1])), order) for order, life in enumerate(trace.lives)]
    near = [
        (distance, order)
        for distance, order in ends
        if distance <= _NEAR * usual and float(trace.times[trace.lives[order].stop - 1]) < latest - usual
    ]
    return trace.lives[min(near)[1]] if near else None


def _limit_of_one(trace: Trace, usual: float) -> float | None:
    """The limit of one process: facts hold that of all which are there at the end, together."""
    if trace.facts.limit_bytes is None:
        return None
    end = float(np.max(trace.times))
    alive = sum(float(trace.times[life.stop - 1]) >= end - _LATE * usual for life in trace.lives)
    return trace.facts.limit_bytes / max(alive, 1)


def _death(case: _Case) -> Death:
    return next(death for rule in CAUSES if (death := rule(case)) is not None)


def _recorded_oom(case: _Case) -> Death | None:
    if not case.recorded.get("OOMKilled"):
        return None
    return Death(cause="oom_killed", basis=Basis.MEASURED, reason="the server has a record of an OOM kill around then")


def _counted_oom(case: _Case) -> Death | None:
    """An OOM kill counts only where its counter rose near the moment that is asked about."""
    kills = case.trace.column("oom_kills_total")
    if kills is None:
        return None
    near = np.abs(case.trace.times - case.at) <= _NEAR * case.usual_s
    told = kills[near & np.isfinite(kills)]
    if len(told) < 2 or float(np.max(told)) <= float(np.min(told)):
        return None
    return Death(cause="oom_killed", basis=Basis.MEASURED, reason="the counter of OOM kills rose around then")


def _evicted(case: _Case) -> Death | None:
    if not case.recorded.get("Evicted"):
        return None
    told = "the server has a record of an eviction: the node, not the limit of the container, was short of memory"
    return Death(cause="evicted", basis=Basis.MEASURED, reason=told)


def _at_the_limit(case: _Case) -> Death | None:
    level = case.last_level
    if level is None or case.limit is None or level < _AT_LIMIT * case.limit:
        return None
    told = f"its last sample stood at {level / case.limit:.0%} of the limit of {format_size(case.limit)}"
    return Death(cause="oom_killed", basis=Basis.INFERRED, reason=f"{told}; no record of the kill was found")


def _nobody_ended(case: _Case) -> Death | None:
    if case.killed is not None:
        return None
    told = f"no process ended around {format_time(case.at)}, as far as samples tell"
    return Death(cause="unknown", basis=Basis.INFERRED, reason=told)


def _no_record(case: _Case) -> Death:
    level = case.last_level
    stood = "" if level is None else f"; its last sample stood at {format_size(level)}"
    share = "" if level is None or case.limit is None else f", {level / case.limit:.0%} of its limit"
    build = _replaced_by(case)
    rollout = "" if build is None else f"; {build} began then, as in a rollout"
    reason = f"it ended, and nothing on record says why{rollout}{stood}{share}"
    return Death(cause="unknown", basis=Basis.INFERRED, reason=reason)


def _replaced_by(case: _Case) -> str | None:
    """The build that began where the process ended, if it is another one."""
    if case.killed is None or case.killed.version is None:
        return None
    ended = float(case.trace.times[case.killed.stop - 1])
    began = [
        life.version
        for life in case.trace.lives
        if abs(float(case.trace.times[life.first]) - ended) <= _NEAR * case.usual_s
        and life.version not in (None, case.killed.version)
    ]
    return began[-1] if began else None


CAUSES: Final[tuple[Callable[[_Case], Death | None], ...]] = (
    _recorded_oom,
    _counted_oom,
    _evicted,
    _nobody_ended,
    _at_the_limit,
    _no_record,
)


def _since(trace: Trace, column: Column, policies: Policies) -> tuple[str | None, str]:
    """Since which build it leaks: the earliest of the builds that leak and follow each other to the last one."""
    builds = list(dict.fromkeys(life.version for life in trace.lives))
    if None in builds:
        return None, "the samples do not tell builds apart"
    judged = [
        (build, _growth(_of(trace, [life for life in trace.lives if life.version == build]), column, policies).decision)
        for build in builds
    ]
    leaking: list[str] = []
    for build, decision in reversed(judged):
        if decision is not Decision.LEAKING or build is None:
            break
        leaking.append(build)
    if not leaking:
        return None, f"the last build, {builds[-1]}, is {str(judged[-1][1]).replace('_', ' ')} as far as it was sampled"
    before = judged[: len(judged) - len(leaking)]
    if not before:
        return None, f"every build that was sampled leaks, {leaking[-1]} the first of them: look further back"
    word = str(before[-1][1]).replace("_", " ")
    return leaking[-1], f"{leaking[-1]} leaks; {before[-1][0]} before it was {word}"


def _load(case: _Case) -> str:
    requests = case.trace.columns.get(_LOAD)
    if requests is None or not np.isfinite(requests).any():
        return "no count of requests was read: whether it follows the load cannot be told"
    if case.growth is None:
        return "no metric of memory was read"
    return f"against {metric('requests_total').title}: {case.growth.reason}"


def _unknown(case: _Case) -> Iterator[str]:
    if case.untold is not None:
        yield f"whether there is a record of why it ended: {case.untold}"
    pause = format_duration(case.usual_s)
    level = case.last_level
    if level is not None:
        after = max(case.at - float(case.trace.times[case.killed.stop - 1]), 0.0) if case.killed is not None else 0.0
        room = "" if case.limit is None else f" of up to {format_size(max(case.limit - level, 0.0))} or more"
        yield (
            f"a spike{room} between two samples, which are {pause} apart: the last one is from "
            f"{format_duration(after)} before the moment that is asked about"
        )
    yield "which line of code, or which object, held the memory: nothing in Prometheus tells; watch the next life"
    if case.trace.column("heap_bytes") is None:
        yield "whether the heap or something beside it grew: no heap metric of its runtime was read"
    if case.column.metric == "working_set_bytes" and case.trace.column("anon_bytes") is None:
        yield "how much of the working set was page cache, which the kernel gives back before it kills"
    if case.limit is None:
        yield "where the limit stood: no metric of it was read"
    if all(life.started_at is None for life in case.trace.lives):
        yield "when processes began: starts were not read, and lives are told apart by gaps and labels alone"
