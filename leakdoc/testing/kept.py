"""Which lines made what calls keep: of memory by growth, of descriptors, threads and tasks by the objects alive."""

from __future__ import annotations

import asyncio
import gc
import io
import socket
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from leakdoc.attribution.folding import Frame, user_frame
from leakdoc.units import format_amount

ROUNDS: Final = 5
_MOST: Final = 5
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "connections": (socket.socket,),
    "descriptors": (io.IOBase, socket.socket),
    "threads": (threading.Thread,),
    "tasks": (asyncio.Task,),
}


class KeptLine(NamedTuple):
    """A line, what kind of thing it made that stayed, and how much of it in words."""

    file: str
    line: int
    channel: str
    words: str


def kept_lines(
    channels: Sequence[str], call: Callable[[], Any], settle: Callable[[], None] = lambda: None
) -> Iterator[KeptLine]:
    """Call some more times, and yield the lines that made what stayed; tracemalloc is tracing."""
    known = {id(each) for each in gc.get_objects()}
    before = tracemalloc.take_snapshot()
    for _ in range(ROUNDS):
        call()
    settle()
    gc.collect()
    after = tracemalloc.take_snapshot()  # both are read now only: reading them allocates
    yield from _kept_memory(channels, before, after)
    for channel in channels:
        for frame, count in _made(_TYPES.get(channel, ()), known).most_common(_MOST):
            yield KeptLine(frame.file, frame.line, channel, f"{count / ROUNDS:.3g} {channel} a call")


def _kept_memory(
    channels: Sequence[str], before: tracemalloc.Snapshot, after: tracemalloc.Snapshot
) -> Iterator[KeptLine]:
    is_bytes = "memory" in channels
    if not is_bytes and "objects" not in channels:
        return
    grown = _held(after, is_bytes=is_bytes)
    grown.subtract(_held(before, is_bytes=is_bytes))
    channel = "memory" if is_bytes else "objects"
    for frame, kept in grown.most_common(_MOST):
        if kept > 0:
            words = format_amount(kept / ROUNDS, "bytes") if is_bytes else f"{kept / ROUNDS:.3g} objects"
            yield KeptLine(frame.file, frame.line, channel, f"{words} a call")


def _held(snapshot: tracemalloc.Snapshot, *, is_bytes: bool) -> Counter[Frame]:
    """Return the bytes, or else the number, of what each line made and is there."""
    held: Counter[Frame] = Counter()
    for stack in snapshot.statistics("traceback"):
        frame = user_frame([Frame(each.filename, each.lineno) for each in reversed(stack.traceback)])
        if frame is not None and frame.file not in (__file__, tracemalloc.__file__):
            held[frame] += stack.size if is_bytes else stack.count
    return held


def _made(types: tuple[type, ...], known: set[int]) -> Counter[Frame]:
    lines: Counter[Frame] = Counter()
    for each in gc.get_objects():
        if types and issubclass(type(each), types) and id(each) not in known:
            traceback = tracemalloc.get_object_traceback(each)
            frame = None
            if traceback is not None:
                frame = user_frame([Frame(one.filename, one.lineno) for one in reversed(traceback)])
            if frame is not None:
                lines[frame] += 1
    return lines
