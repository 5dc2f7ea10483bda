"""How a function is called once: plainly, or awaited where it gives a coroutine."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def caller(fn: Callable[[], Any]) -> Iterator[Callable[[], Any]]:
    """Give what calls the function once; coroutines are awaited in one loop, so that their tasks are seen.

    Raises:
        TypeError: calling it runs nothing: it is no function, or one that makes a generator.
        RuntimeError: what is awaited needs a loop, and one is running here.
    """
    _must_run(fn)
    runner: asyncio.Runner | None = None

    def call() -> None:
        nonlocal runner
        made = fn()
        if not inspect.iscoroutine(made):
            return
        if runner is None:
            _must_have_no_loop(made)
            runner = asyncio.Runner()
        runner.run(made)

    try:
        yield call
    finally:
        if runner is not None:
            runner.close()


def _must_run(fn: Any) -> None:
    if not callable(fn):
        raise TypeError(f"assert_no_growth calls a function without arguments, and this is none: {type(fn).__name__}")
    if inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn):
        raise TypeError(
            "calling a generator function runs nothing of it: give a function that goes through it to its end"
        )


def _must_have_no_loop(made: Any) -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    made.close()
    raise RuntimeError(
        "assert_no_growth awaits coroutines in a loop of its own, and one is running here: "
        "call it from a function that is not async"
    )
