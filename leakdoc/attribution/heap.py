"""`leakdoc.heap`: which lines, and which containers, keep what is growing in a process."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from leakdoc.attribution.climb import Ask
from leakdoc.attribution.examining import examine
from leakdoc.attribution.inside import InsidePlan
from leakdoc.attribution.keeping import Keeper
from leakdoc.attribution.load import LoadCounter
from leakdoc.model.documents import subject_document
from leakdoc.model.heap import HeapReport
from leakdoc.sampling.target import resolve_process

UNTRACED_SHARE: Final = 0.6  # of the time: rates are true only where nothing is traced


def heap(
    target: int | str,
    *,
    for_s: float = 10.0,
    allows: Callable[[Ask], bool] = lambda _: True,
    tells: Callable[[str], None] = lambda _: None,
    keep: str | os.PathLike[str] | None = None,
    native: bool = False,
    trims: bool = False,
    accept_oom_risk: bool = False,
    stop: threading.Event | None = None,
    load: str | None = None,
) -> HeapReport:
    """Find which lines, and which containers, keep what is growing.

    Args:
        target: a pid, or what the command line takes for one process.
        for_s: seconds; the slower the leak, the longer.
        allows: asked before each rung that costs the target something; everything is allowed by default.
        tells: takes a line about what is going on.
        keep: a new directory for memray's captures, with a manifest.
        native: use memray in any case, with native stacks.
        trims: call `malloc_trim` in the target, and tell how much came back.
        accept_oom_risk: go on close to the memory limit, or where it is unknown.
        stop: set to end early, with what is known so far.
        load: the address of the target's own counter of requests, its name after ``#``; growth is told a request too.

    Raises:
        TargetError: the process is not there, not ours to look at, or no Python.
        UsageError: the target, the directory, or the address cannot be used.
    """
    counter = None if load is None else LoadCounter(load)
    process = resolve_process(str(target))
    keeper = None if keep is None else Keeper(Path(keep))
    untraced = for_s * UNTRACED_SHARE
    report = examine(
        process,
        plan=InsidePlan(untraced_s=untraced, traced_s=for_s - untraced),
        allows=allows,
        tells=tells,
        stop=stop,
        native=native,
        trims=trims,
        accept_oom_risk=accept_oom_risk,
        captures=(lambda _: None) if keeper is None else keeper.take,
        load=None if counter is None else counter.read,
    )
    if keeper is None:
        return report
    try:
        kept = keeper.finish(target=subject_document(process.subject), at=time.time(), argv=sys.argv)
    except OSError as error:
        return replace(report, advice=(*report.advice, f"the manifest is not written: {error.strerror}"))
    return replace(report, kept=str(kept))
