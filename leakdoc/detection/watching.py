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
    """Watch a live process until the verdict is decisive; everything is as in `Watch`."""
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
