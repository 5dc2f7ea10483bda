"""What grows in a process, which lines made it, and what keeps it: the answer of `leakdoc heap`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from leakdoc.model.subject import Subject


class MemoryKind(StrEnum):
    """Which kind of memory grows."""

    PYTHON = "python"
    NATIVE = "native"
    FILE = "file"
    SHARED = "shared"
    FRAGMENTATION = "fragmentation"
    UNKNOWN = "unknown"


class HopStatus(StrEnum):
    """Whether an object on the way to what grows is where it should be, after LeakCanary's three words."""

    LEAKING = "LEAKING"
    NOT_LEAKING = "NOT_LEAKING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One object on the way from a root to what grows, and why it is, or is not, held against it."""

    name: str
    status: HopStatus
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A container, or a type, that grows, and the way that keeps it.

    Args:
        path: from a root to it; empty where no root leads to it.
        type: its type; of a type that grows in number, that type.
        count: how many items it has now, or how many objects there are.
        grew: how many were added between the looks.
        grew_bytes: what those keep, estimated from the newest; null when unknown.
        item: the type of its newest item; null when unknown.
    """

    path: tuple[Hop, ...]
    type: str
    count: int
    grew: int
    grew_bytes: float | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineGrowth:
    """One line of the program, and what it allocated in the windows that is there still.

    Args:
        function: null where it is not known.
        grew_bytes: of what it made in the window, what stayed.
        grew_count: allocations that stayed; null when unknown.
        bytes_per_s: the same, a second.
        held_by: what keeps it, in words; null where that was not seen.
        why: why it stands where it stands in the list.
    """

    file: str
    line: int
    function: str | None
    grew_bytes: float
    grew_count: float | None = None
    bytes_per_s: float = 0.0
    held_by: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One way of looking: whether it was used, why or why not, and what it cost the target."""

    name: str
    used: bool
    reason: str
    cost: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeapReport:
    """Which lines, and which containers, keep what is growing.

    Args:
        reason: one sentence that a person can act on.
        explained: share of the measured growth that the lines account for, 0 to 1; null when nothing grew measurably.
        growth: bytes a second by what was measured (``rss_bytes``, ``heap_bytes`` …).
        set_aside: lines that allocate and turn over, or have settled; not what leaks.
        kept: where captures were left; null for nowhere.
        requests_per_s: that were served in the window without tracing; null when unknown.
    """

    subject: Subject
    kind_of_memory: MemoryKind
    reason: str
    explained: float | None
    lines: tuple[LineGrowth, ...] = ()
    holders: tuple[Holder, ...] = ()
    rungs: tuple[Rung, ...] = ()
    growth: Mapping[str, float] = field(default_factory=dict)
    set_aside: tuple[LineGrowth, ...] = ()
    advice: tuple[str, ...] = ()
    touched: str = "nothing (read /proc)"
    window_s: float = 0.0
    kept: str | None = None
    requests_per_s: float | None = None
