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


def kept_lines(channels: Sequence[str], call: Callable[[], Any]) -> Iterator[KeptLine]:
    """Call some more times, and yield the lines that made what stayed; tracemalloc is tracing."""
    before = _sizes()
    known = {id(each) for each in gc.get_objects()}
    for _ in range(ROUNDS):
        call()
    gc.collect()
    if "memory" in channels:
        grown = _sizes()
        grown.subtract(before)
        for frame, size in grown.most_common(_MOST):
            if size > 0:
                yield KeptLine(frame.file, frame.line, "memory", f"{format_amount(size / ROUNDS, 'bytes')} a call")
    for channel in channels:
        for frame, count in _made(_TYPES.get(channel, ()), known).most_common(_MOST):
            yield KeptLine(frame.file, frame.line, channel, f"{count / ROUNDS:.3g} {channel} a call")


def _sizes() -> Counter[Frame]:
    sizes: Counter[Frame] = Counter()
    for trace in tracemalloc.take_snapshot().traces:
        frame = user_frame([Frame(each.filename, each.lineno) for each in reversed(trace.traceback)])
        if frame is not None and not frame.file.startswith(__file__):
            sizes[frame] += trace.size
    return sizes


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
