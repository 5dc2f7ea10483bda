"""What to do about memory that is free and not returned, or that no line was found for: ordered lists of rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leakdoc.attribution.kinds import Growths, is_mapped
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


def advice_without_a_line(kind: MemoryKind, growths: Growths, pid: int | None) -> tuple[str, ...]:
    """Return how to go on where native memory grows and no line of the program was found to take it."""
    if kind is not MemoryKind.NATIVE:
        return ()
    if is_mapped(growths):
        return (
            f"who maps it, in stacks of native code: perf trace -p {pid} -e mmap --call-graph dwarf; or bpftrace -e "
            f"'tracepoint:syscalls:sys_enter_mmap /pid == {pid}/ {{ @[ustack] = count(); }}'",
            f"what the mappings are: pmap -x {pid}, twice; of one size, they are buffers; of 8 MiB and few of it used, "
            "stacks of threads",
        )
    return (
        "who takes it from malloc: leakdoc heap --native where memray can be imported in the target; else start it "
        "with LD_PRELOAD=libjemalloc.so MALLOC_CONF=prof:true,prof_final:true and compare two of its profiles",
    )
