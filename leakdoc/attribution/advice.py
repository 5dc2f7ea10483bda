"""What to do about memory that is free and not returned, with what it rests on: an ordered list of rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leakdoc.attribution.kinds import Growths
from leakdoc.model.heap import MemoryKind
from leakdoc.units import format_amount

_MANY_THREADS: Final = 8  # glibc makes up to 8 arenas a core; with fewer threads there are few
_NOTABLE: Final = 16 << 20  # bytes that are free and kept, below which nobody minds

Rule = Callable[[str, int], str | None]


def _arenas(free: str, threads: int) -> str | None:
    if threads < _MANY_THREADS:
        return None
    return (
        f"{threads} threads share malloc's arenas and {free} lie free in them: try MALLOC_ARENA_MAX=2 in the "
        "environment, or jemalloc by LD_PRELOAD"
    )


def _trim(free: str, threads: int) -> str | None:
    del threads
    return (
        f"{free} are free and not returned to the system: --trim asks malloc to return what it can, and tells how much "
        "came back; what does not come back is held by small pieces in between"
    )


def _small_objects(free: str, threads: int) -> str | None:
    del free, threads
    return "if most of it is in Python's own arenas, PYTHONMALLOC=malloc with jemalloc returns more of it"


RULES: Final[tuple[Rule, ...]] = (_arenas, _trim, _small_objects)


def advice_on(kind: MemoryKind, growths: Growths, threads: int | None) -> tuple[str, ...]:
    """Return what each rule has to say about fragmentation, in order; nothing where there is none to speak of."""
    if kind is not MemoryKind.FRAGMENTATION or (growths.free_now or 0.0) < _NOTABLE:
        return ()
    said = (rule(format_amount(growths.free_now or 0.0, "bytes"), threads or 1) for rule in RULES)
    return tuple(each for each in said if each is not None)
