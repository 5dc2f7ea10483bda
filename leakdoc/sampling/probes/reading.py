"""What the probes put together at one instant, and what a probe is."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field
from typing import Final, Protocol

from leakdoc.model.sample import Column, Reason
from leakdoc.sampling.foreign_file import why
from leakdoc.sampling.procfs import UnexpectedText

_LACKING: Final = frozenset({errno.ENOENT, errno.ENODEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EAFNOSUPPORT})


@dataclass(slots=True, kw_only=True)
class Reading:
    """What the probes put together at one instant.

    Args:
        at: seconds since the epoch, UTC.
        monotonic_s: the same instant on the monotonic clock, for ages.
        values: what was read.
        unavailable: metric to the reason why it could not be read.
        standing: what holds for longer than one sample, such as limits.
    """

    at: float
    monotonic_s: float
    standing: Standing
    values: dict[Column, float] = field(default_factory=dict)
    unavailable: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Standing:
    """What holds for longer than one sample.

    Args:
        limit_bytes: the memory limit that the kernel enforces; null when there is none or it is unknown.
        open_files_limit: null when there is none or it is unknown.
        oom_kills: processes killed so far for want of memory, where the target is counted; null when unknown.
        oom_kills_before: the same at the reading before, when no victim was on its way out yet.
        blind_spots: topic to what could not be looked at, in words.
        touched: what a probe did to the target beyond the plan's word, in words; null for nothing.
    """

    limit_bytes: float | None = None
    open_files_limit: float | None = None
    oom_kills: int | None = None
    oom_kills_before: int | None = None
    blind_spots: dict[str, str] = field(default_factory=dict)
    touched: str | None = None


class Probe(Protocol):
    """One source of numbers about one process."""

    def read(self, reading: Reading) -> None:
        """Put what this source says now into the reading.

        Raises:
            ProcessLookupError, FileNotFoundError: the process has ended, or its kernel lacks this source.
            PermissionError: the source is not ours to read.
            OSError, UnexpectedText: the source does not work here.
        """


def reason_of(error: OSError | UnexpectedText) -> str:
    """Return why a source had nothing to give: in our own words where they say all, else in the system's too."""
    if isinstance(error, PermissionError):
        return Reason.DENIED
    if isinstance(error, ProcessLookupError):
        return Reason.GONE
    if isinstance(error, OSError) and error.errno not in _LACKING and not isinstance(error, FileNotFoundError):
        return f"unreadable: {why(error)}"
    return Reason.UNSUPPORTED
