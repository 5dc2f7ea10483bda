"""A workload of many processes split where its last rollout was: the new build against the one that it takes over from.

While both run, as a canary and the stable build do, the old build's processes are followed to the end: the same load,
the same hour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leakdoc.model.trace import Life, Trace
from leakdoc.units import format_time
from leakdoc.verification.rollout import NoRollout, split
from leakdoc.verification.windows import keep


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rollout:
    """A rollout, found in a trace or told.

    Args:
        at: when the first process of the new build began; seconds since the epoch.
        before: the processes of the old build, also while the new one runs.
        after: the processes of the new build.
        old: the old build, where it is known.
        new: the new build, where it is known.
    """

    at: float
    before: Trace
    after: Trace
    old: str | None
    new: str | None


def rollout_of(trace: Trace, at: float | None = None) -> Rollout:
    """Find the last rollout of a workload.

    Args:
        at: seconds since the epoch; null to find it: where the processes of the build that came last begin, else the
            only restart of all processes.

    Raises:
        NoRollout: there is no one such instant, or a side would be empty.
    """
    newest = _newest(trace) if at is None else None
    if newest is None:
        told = None if at is None else _by_build(trace, at)
        if told is not None:
            return told
        before, after = split(trace, at)
        began = float(np.min(after.times)) if at is None else at
        return Rollout(
            at=began, before=_to_their_end(trace, before, began), after=after, old=_build(before), new=_build(after)
        )
    build, began = newest
    new = [life.version == build and _first(trace, life) >= began for life in trace.lives]
    replaced = {life.version for life, is_new in zip(trace.lives, new, strict=True) if not is_new}
    replaced = {_last_before(trace, began)} & replaced or replaced
    old = [not is_new and life.version in replaced for life, is_new in zip(trace.lives, new, strict=True)]
    if not any(old):
        raise NoRollout(
            f"there are no samples of what ran before {build} came at {format_time(began)}",
            help="Look further back with --since.",
        )
    return Rollout(at=began, before=_lives(trace, old), after=_lives(trace, new), old=next(iter(replaced)), new=build)


def _by_build(trace: Trace, at: float) -> Rollout | None:
    """Split where a rollout is told to have been by the builds that came with it; null where none did.

    While both builds run, processes of the old one may begin as well: it is scaled, or restarted.
    """
    known = {life.version for life in trace.lives if _first(trace, life) < at}
    new = [_first(trace, life) >= at and life.version not in known for life in trace.lives]
    if not known or not any(new) or any(life.version is None for life in trace.lives):
        return None
    before, after = _lives(trace, [not each for each in new]), _lives(trace, new)
    return Rollout(at=at, before=before, after=after, old=_last_before(trace, at), new=_build(after))


def _newest(trace: Trace) -> tuple[str, float] | None:
    """The build that came last, and when; null where builds are not told or there was only one.

    A build that comes back after a pause came anew: that is what a rollback looks like. One whose processes follow
    each other without a pause did not: it is scaled, or restarted.
    """
    builds = {life.version for life in trace.lives}
    if len(builds) < 2 or None in builds:
        return None
    came = {build: _came(trace, [life for life in trace.lives if life.version == build]) for build in builds}
    build = max(came, key=lambda each: came[each])
    return (build, came[build]) if build is not None else None


def _came(trace: Trace, lives: list[Life]) -> float:
    """When the processes of a build began to be there without a pause in which others took over."""
    spans = sorted((_first(trace, life), _last(trace, life)) for life in lives)
    pause = 10.0 * _usual(trace)
    began, end = spans[0]
    for first, last in spans[1:]:
        if first > end + pause and _others_between(trace, lives, end, first):
            began = first
        end = max(end, last)
    return began


def _others_between(trace: Trace, lives: list[Life], end: float, first: float) -> bool:
    builds = {life.version for life in lives}
    return any(
        life.version not in builds and _first(trace, life) < first and _last(trace, life) > end for life in trace.lives
    )


def _last_before(trace: Trace, at: float) -> str | None:
    """The build of the process that was seen last before an instant."""
    seen = [(float(trace.times[life.rows][trace.times[life.rows] < at][-1]), life.version or "")
            for life in trace.lives if _first(trace, life) < at]  # fmt: skip
    return max(seen)[1] if seen else None


def _to_their_end(trace: Trace, before: Trace, at: float) -> Trace:
    """The processes that began before, followed to their end; as before where the source tells no processes apart."""
    if len(trace.lives) < 2:
        return before
    return _lives(trace, [_first(trace, life) < at for life in trace.lives])


def _lives(trace: Trace, kept: list[bool]) -> Trace:
    rows = np.zeros(len(trace), dtype=bool)
    for life, keep_it in zip(trace.lives, kept, strict=True):
        rows[life.rows] = keep_it
    return keep(trace, rows)


def _build(trace: Trace) -> str | None:
    return trace.lives[-1].version if trace.lives else None


def _first(trace: Trace, life: Life) -> float:
    return float(trace.times[life.first])


def _last(trace: Trace, life: Life) -> float:
    return float(trace.times[life.stop - 1])


def _usual(trace: Trace) -> float:
    """The usual pause between samples of one process."""
    pauses = [np.diff(trace.times[life.rows]) for life in trace.lives]
    every = np.concatenate(pauses) if pauses else np.zeros(0)
    return float(np.median(every)) if len(every) else 0.0
