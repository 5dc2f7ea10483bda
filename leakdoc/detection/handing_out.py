"""Work handed out to an executor a few tasks at a time, answers in order, what a worker loses done here."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from typing import Any, Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_AHEAD: Final = 2  # tasks a worker may have waiting, so that neither it nor our memory runs out of room


def map_bounded(work: Callable[[T], R], tasks: Iterable[T], executor: Executor | None = None) -> Iterator[R]:
    """Yield what `work` makes of each task, in order.

    Args:
        work: picklable; the same task always gives the same answer, so that it may be done again.
        executor: null does everything here. However many tasks there are, only a few a worker are handed out at once.
    """
    if executor is None:
        yield from map(work, tasks)
        return
    waiting: deque[tuple[T, Any]] = deque()
    room = _AHEAD * _workers(executor)
    for task in tasks:
        waiting.append((task, _submitted(executor, work, task)))
        if len(waiting) >= room:
            yield _answer(work, *waiting.popleft())
    while waiting:
        yield _answer(work, *waiting.popleft())


def _workers(executor: Executor) -> int:
    """How many workers an executor has, where it says so; else as many as there are processors here."""
    told = getattr(executor, "_max_workers", None)
    return told if isinstance(told, int) and told > 0 else os.cpu_count() or 1


def _submitted(executor: Executor, work: Callable[[T], R], task: T) -> Any:
    try:
        return executor.submit(work, task)
    except Exception:  # it is broken, or was shut down: the work is done here
        return None


def _answer(work: Callable[[T], R], task: T, future: Any) -> R:
    if future is None:
        return work(task)
    try:
        answer: R = future.result()
    except Exception:  # a worker was killed, or its answer was lost on the way; `work` itself reports, it never raises
        return work(task)
    return answer
