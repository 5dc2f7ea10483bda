"""Which kind of memory grows: an ordered list of rules over what was read from outside and told from inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from leakdoc.model.heap import MemoryKind
from leakdoc.units import format_amount

_MOST_OF: Final = 0.5  # a kind that makes up half of the growth is what grows
_SOME_OF: Final = 0.25  # less than a quarter is beside the point
_LEAST_BYTES: Final = 256 * 1024  # growth below that in a window of seconds is what any program does now and then
_PAGE: Final = 4096  # bytes: of what is counted item by item, that much is growth
_FREE_SHARE: Final = 0.4  # of what allocators hold: beyond it, what is free and not returned is worth telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Growths:
    """Bytes by which each grew between the first and the last reading; null where it is not known.

    Args:
        in_use: what allocators gave out.
        free: what allocators hold and have not returned.
        python: what traced Python code, or the containers seen, account for.
        containers: what the items are that containers got, and went on getting: counted, and so no noise.
    """

    rss: float
    anon: float | None = None
    file: float | None = None
    shared: float | None = None
    in_use: float | None = None
    free: float | None = None
    free_now: float | None = None
    in_use_now: float | None = None
    python: float | None = None
    containers: float = 0.0


Rule = Callable[[Growths], tuple[MemoryKind, str] | None]


def _nothing(growths: Growths) -> tuple[MemoryKind, str] | None:
    if max(growths.rss, growths.in_use or 0.0) >= _LEAST_BYTES or growths.containers >= _PAGE:
        return None
    if _is_fragmented(growths):
        free = format_amount(growths.free_now or 0.0, "bytes")
        return MemoryKind.FRAGMENTATION, f"nothing grew while it was looked at; allocators hold {free} that is free"
    return MemoryKind.UNKNOWN, "hardly anything grew while it was looked at"


def _is_fragmented(growths: Growths) -> bool:
    if growths.free_now is None or growths.in_use_now is None:
        return False
    held = growths.free_now + growths.in_use_now
    return held > 0 and growths.free_now > 64 * _LEAST_BYTES and growths.free_now / held > _FREE_SHARE


def _shared(growths: Growths) -> tuple[MemoryKind, str] | None:
    if growths.shared is not None and growths.shared > _MOST_OF * growths.rss > 0:
        return MemoryKind.SHARED, "shared memory grows (shared mappings, /dev/shm, memfd), not the heap"
    return None


def _file(growths: Growths) -> tuple[MemoryKind, str] | None:
    if growths.file is not None and growths.file > _MOST_OF * growths.rss > 0:
        return MemoryKind.FILE, "pages of mapped files grow, not the heap"
    return None


def _fragmentation(growths: Growths) -> tuple[MemoryKind, str] | None:
    if growths.in_use is None or growths.free is None or growths.rss < _LEAST_BYTES:
        return None
    if growths.in_use < _SOME_OF * growths.rss and growths.free > _MOST_OF * growths.rss:
        return MemoryKind.FRAGMENTATION, "what is in use does not grow; what allocators hold free and keep does"
    return None


def _python(growths: Growths) -> tuple[MemoryKind, str] | None:
    grown = max(growths.in_use or 0.0, growths.anon or 0.0, growths.rss)
    if growths.python is not None and growths.python >= _SOME_OF * grown > 0:
        return MemoryKind.PYTHON, "Python's own objects grow"
    return None


def is_mapped(growths: Growths) -> bool:
    """Say whether what grows is mapped memory that neither Python nor malloc has given out."""
    if growths.in_use is None or growths.anon is None or growths.rss <= 0:
        return False
    of_malloc = max(growths.in_use, 0.0) + max(growths.free or 0.0, 0.0)
    return of_malloc < _SOME_OF * growths.rss and growths.anon > _MOST_OF * growths.rss


def _mapped(growths: Growths) -> tuple[MemoryKind, str] | None:
    if growths.python is not None and is_mapped(growths):
        return MemoryKind.NATIVE, (
            "native: anonymous mappings grow, outside of Python's objects and of malloc's heap (mmap called by native "
            "code, threads' stacks, or an allocator of its own)"
        )
    return None


def _native(growths: Growths) -> tuple[MemoryKind, str] | None:
    if growths.python is not None:
        return MemoryKind.NATIVE, "native: memory grows, and Python's own objects do not"
    return None


def _unknown(growths: Growths) -> tuple[MemoryKind, str] | None:
    del growths
    return MemoryKind.UNKNOWN, "anonymous memory grows; whether Python's or native was not looked at"


RULES: Final[tuple[Rule, ...]] = (_nothing, _shared, _file, _fragmentation, _python, _mapped, _native, _unknown)


def kind_of(growths: Growths) -> tuple[MemoryKind, str]:
    """Return the kind of memory that grows, and why it is said to be that."""
    return next(verdict for rule in RULES if (verdict := rule(growths)) is not None)
