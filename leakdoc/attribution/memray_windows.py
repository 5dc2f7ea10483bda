"""Two windows of memray in the target, which sees what native code allocates: what each has left, by stack.

memray runs inside the target by its own library, started and ended by the agent: it ends with the conversation,
whatever becomes of us. What is called past the linker's tables (ctypes on `malloc` itself) it does not see. Arenas
of Python's small-object allocator look like a leak to it and are left out: they are mappings of a megabyte each, made
for whoever came when the last one was full.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from leakdoc.attach.place import Place
from leakdoc.attribution.folding import Frame
from leakdoc.attribution.inside import Native, kept_of
from leakdoc.attribution.windows import Kept
from leakdoc.errors import AgentError, AttachRefused, MissingDependency
from leakdoc.sampling.agent_socket import AgentSocket
from leakdoc.sampling.clock import Clock

LENGTHS_S: Final = (
    2.0,
    4.0,
)  # of different length: what lives for three seconds is in proportion in the first only
_ARENA: Final = 1 << 20  # Objects/obmalloc.c, ARENA_SIZE, from Python 3.10 on
_DEEPEST: Final = 60  # frames of one stack
_ENDING_S: Final = 60.0  # writing and closing a capture


def memray_windows(
    agent: AgentSocket, place: Place, clock: Clock, stop: threading.Event, *, native: bool = False
) -> Native:
    """Trace twice, and read what was left.

    Args:
        place: where the captures go; they are left there.
        native: trace native stacks too, for the captures.

    Raises:
        AttachRefused: memray cannot be used there; why is told.
        AgentError: the agent does not answer any more.
    """
    lengths, windows = [], []
    for number, length in enumerate(LENGTHS_S, start=1):
        name = f"window-{number}.memray"
        took_s = _trace(agent, f"{place.inside}/{name}", length, clock, stop, native=native)
        lengths.append(took_s)
        windows.append(list(left_in(place.outside / name)))
    return Native(lengths_s=tuple(lengths), windows=tuple(windows))


def _trace(
    agent: AgentSocket, path: str, length_s: float, clock: Clock, stop: threading.Event, *, native: bool
) -> float:
    try:
        agent.ask(
            "trace_start", tool="memray", file=path, native=native, seconds=length_s * 3 + 20, patience_s=_ENDING_S
        )
    except AgentError as error:
        raise AttachRefused(f"memray cannot trace there: {error.message}") from error
    began = clock.monotonic()
    try:
        clock.wait(length_s, stop)
    finally:
        took_s = clock.monotonic() - began
        agent.ask("trace_stop", patience_s=_ENDING_S)
    return took_s


def ctypes_windows(agent: AgentSocket, clock: Clock, stop: threading.Event, *, most_bytes: int) -> Native:
    """Trace twice by tracemalloc, with what ctypes calls led through Python's raw allocator, and read what was left.

    Raises:
        AgentError: the agent does not answer any more.
    """
    lengths, windows = [], []
    for length in LENGTHS_S:
        agent.ask(
            "trace_start", tool="tracemalloc", around=True, frames=12, seconds=length * 3 + 20, most_bytes=most_bytes
        )
        began = clock.monotonic()
        try:
            clock.wait(length, stop)
            told = agent.ask("trace_look", patience_s=_ENDING_S)
            lengths.append(clock.monotonic() - began)
        finally:
            agent.ask("trace_stop", patience_s=_ENDING_S)
        windows.append([kept_of(record) for record in told["records"]])
    return Native(lengths_s=tuple(lengths), windows=tuple(windows))


def left_in(path: Path) -> Iterator[Kept]:
    """Yield what a capture says was allocated in its window and not freed in it, Python's arenas left out.

    Raises:
        MissingDependency: memray is not installed here.
        AttachRefused: this version cannot read what that version wrote.
    """
    try:
        from memray import AllocatorType, FileReader
    except ImportError as error:
        raise MissingDependency("memray is not installed beside leakdoc", help="pip install memray") from error
    try:
        with contextlib.closing(FileReader(path)) as reader:
            for record in reader.get_leaked_allocation_records(merge_threads=True):
                if not _is_arena(record, AllocatorType.MMAP):
                    yield Kept(_stack(record), float(record.size), float(record.n_allocations))
    except OSError as error:
        raise AttachRefused(
            f"the memray here cannot read what the target's wrote: {error}", help="Install the same version in both."
        ) from error


def _is_arena(record: Any, mapped: int) -> bool:
    return bool(record.allocator == mapped and record.size == record.n_allocations * _ARENA)


def _stack(record: Any) -> tuple[Frame, ...]:
    frames = record.stack_trace(max_stacks=_DEEPEST)
    return tuple(Frame(str(file), int(line), str(function)) for function, file, line in frames)
