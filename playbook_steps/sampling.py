"""A process watched on behalf of a step: recorded, ended when the step is told to stop, its verdicts passed on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import leakdoc
from leakdoc.playbook import StepContext
from leakdoc.units import format_duration


def sample(
    ctx: StepContext,
    target: int | str,
    *,
    for_s: float,
    interval_s: float,
    record: Path | None,
    stop_when_decided: bool,
    children: bool = False,
) -> tuple[leakdoc.Watched, Path]:
    """Watch a process and keep every sample.

    Args:
        record: where to; null for a new file in the step's directory.
        children: whether everything that the process has started, and will start, is watched with it.

    Returns:
        What was seen, and the recording.

    Raises:
        TargetError: the process is not there, or not ours to look at.
        RecordingError: not all samples could be kept.
    """
    path = record or ctx.directory / f"memory-{_file_name(target)}-{stamp(ctx)}.leakdoc"

    def stop_or_tell(progress: leakdoc.Progress) -> None:
        if ctx.cancelled.is_set():
            watch.stop()
        if progress.is_new and progress.diagnosis is not None:
            ctx.progress(f"after {format_duration(progress.elapsed_s)}: {progress.diagnosis.decision}")

    watch = leakdoc.Watch(
        target,
        for_s=for_s,
        interval_s=interval_s,
        record=path,
        stop_when_decided=stop_when_decided,
        children=children,
        on_progress=stop_or_tell,
    )
    watched = watch.run()
    if watched.failure is not None:
        raise watched.failure
    return watched, watched.path or path


def _file_name(target: int | str) -> str:
    return "".join(each if each.isalnum() else "-" for each in str(target)).strip("-") or "target"


def stamp(ctx: StepContext) -> str:
    """Return the present instant for a file's name, to the microsecond: ``20260310T031200.000000Z``."""
    return datetime.fromtimestamp(ctx.now(), UTC).strftime("%Y%m%dT%H%M%S.%fZ")
