"""What a watch tells while it runs, and what it has seen once it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from leakdoc.detection.stopping import Stopped
from leakdoc.errors import RecordingError
from leakdoc.model.sample import Sample

if TYPE_CHECKING:
    from leakdoc.model.diagnosis import Diagnosis
    from leakdoc.model.trace import Trace


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """What a watch has seen.

    Args:
        trace: every sample.
        diagnosis: the verdict at the end.
        stopped: why the watch ended.
        path: the recording; null when nothing was recorded.
        failure: why the recording ended before the watch did; null when it did not.
        captured: the files of what was captured close to the limit.
    """

    trace: Trace
    diagnosis: Diagnosis
    stopped: Stopped
    path: Path | None = None
    failure: RecordingError | None = None
    captured: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a running watch stands, for whoever shows it.

    Args:
        sample: the latest; of several processes that of the first, with the totals of all.
        elapsed_s: since the first sample.
        for_s: how long the watch may last; null for no end.
        diagnosis: the latest verdict; null before the first look.
        is_new: whether this progress brings a new verdict.
    """

    sample: Sample
    elapsed_s: float
    for_s: float | None
    diagnosis: Diagnosis | None
    is_new: bool
