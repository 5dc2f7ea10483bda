"""What a process holds now, in five channels."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from typing import Final

CHANNELS: Final = ("memory", "connections", "descriptors", "threads", "tasks")
_OPEN: Final = "/proc/self/fd"


def counted() -> dict[str, float]:
    """Count everything but memory."""
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
    return sum(not task.done() for task in set(asyncio.tasks._all_tasks)) if hasattr(asyncio.tasks, "_all_tasks") else 0
