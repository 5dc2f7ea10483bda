"""What a process holds now, in six channels."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import threading
from typing import Final

CHANNELS: Final = ("memory", "objects", "connections", "descriptors", "threads", "tasks")
_OPEN: Final = "/proc/self/fd"
_TASKS: Final = ("_all_tasks", "_scheduled_tasks", "_eager_tasks")  # which there are differs from version to version


def counted() -> dict[str, float]:
    """Count everything but memory and objects."""
    links = _links()
    return {
        "connections": float(sum(link.startswith("socket:") for link in links)),
        "descriptors": float(len(links)),
        "threads": float(threading.active_count()),
        "tasks": float(_tasks()),
    }


def _links() -> list[str]:
    if sys.platform != "linux":
        import psutil

        return ["" for _ in range(psutil.Process().num_fds())] if hasattr(psutil.Process, "num_fds") else []
    links = []
    for name in os.listdir(_OPEN):  # noqa: PTH208
        with contextlib.suppress(OSError):
            links.append(os.readlink(f"{_OPEN}/{name}"))  # noqa: PTH115
    return links


def _tasks() -> int:
    """Count the tasks that are not done, of all loops."""
    sets = [getattr(asyncio.tasks, name) for name in _TASKS if hasattr(asyncio.tasks, name)]
    if not sets or sys.version_info >= (3, 14):  # from 3.14 on the tasks of C are in none of them
        sets.append([each for each in gc.get_objects() if issubclass(type(each), asyncio.Task)])
    return len({id(task) for tasks in sets for task in list(tasks) if not task.done()})
