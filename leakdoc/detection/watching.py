"""A watch in one call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from leakdoc.detection.watch import Watch
from leakdoc.detection.watch_parts import FOR_S, INTERVAL_S
from leakdoc.detection.watched import Progress, Watched
from leakdoc.sampling.retention import Retention

if TYPE_CHECKING:
    from leakdoc.detection.policies import Policies


def watch(
    target: int | str,
    *,
    children: bool = False,
    interval_s: float = INTERVAL_S,
    for_s: float | None = FOR_S,
    record: str | Path | None = None,
    retention: Retention | None = None,
    smallest_per_hour: float | None = None,
    stop_when_decided: bool = True,
    policies: Policies | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Watched:
    """Watch a live process in this thread until the verdict is decisive.

    Args:
        target: a pid, as a number or as text; ``:port``, ``name:PATTERN``, ``cgroup:PATH``, ``unit:NAME`` or
            ``container:ID``.
        children: whether everything that the target has started, and will start, is watched with it.
        interval_s: between samples.
        for_s: how long at most; null for no end.
        record: the file that keeps every sample; null to keep them in memory only.
        retention: how large the file may grow, and how old its samples may become.
        smallest_per_hour: the growth, in bytes an hour, that `stable` must have been able to show; null for 1 % of the
            level an hour.
        stop_when_decided: whether a decisive verdict ends the watch before `for_s` does.
        policies: every threshold; the defaults when null.
        on_progress: called after each sample.

    Returns:
        What was seen: the trace, the diagnosis, why it stopped, and the recording's path.

    Raises:
        TargetGone, AccessDenied, UsageError: there is no such process, or it is not ours to look at.
        RecordingError: the recording cannot be written.
    """
    return Watch(
        target,
        children=children,
        interval_s=interval_s,
        for_s=for_s,
        record=record,
        retention=retention,
        smallest_per_hour=smallest_per_hour,
        stop_when_decided=stop_when_decided,
        policies=policies,
        on_progress=on_progress,
    ).run()
