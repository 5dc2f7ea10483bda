"""What the target's threads wait in, by `py-spy dump --nonblocking`: names of functions only, and nothing is stopped.

A dump that does not stop the target may catch a stack in motion; what is found in several is what waits.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any, Final

from leakdoc.errors import MissingDependency
from leakdoc.model.sample import Column
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.sampling.probes.reading import Reading

METRICS: Final = ("waiting_at",)
PATIENCE_S: Final = 20.0
MOST_PLACES: Final = 24  # labels of one recording

# Where drivers wait for a connection to become free: the end of a file's name, and the function.
CHECKOUTS: Final = (
    ("psycopg_pool/pool.py", "getconn"),
    ("psycopg_pool/pool.py", "wait"),
    ("psycopg_pool/pool.py", "_getconn_unchecked"),
    ("psycopg_pool/pool_async.py", "getconn"),
    ("psycopg2/pool.py", "getconn"),
    ("asyncpg/pool.py", "_acquire"),
    ("sqlalchemy/pool/impl.py", "_do_get"),
    ("sqlalchemy/util/queue.py", "get"),
    ("redis/connection.py", "get_connection"),
    ("urllib3/connectionpool.py", "_get_conn"),
    ("httpcore/_sync/connection_pool.py", "wait_for_connection"),
    ("dbutils/pooled_db.py", "connection"),
    ("pymongo/pool.py", "_get_conn"),
)

LOOPS: Final = ("asyncio/base_events.py", "uvloop/loop.pyx", "uvloop/__init__.py", "asyncio/runners.py")
LOOP_RUNS: Final = ("_run_once", "run_forever", "run_until_complete", "run")


class StacksProbe:
    """Counts threads by the place in the code that waits for a connection.

    Raises:
        MissingDependency: there is no py-spy.
    """

    def __init__(self, pid: int) -> None:
        self._command = dump_command(pid)
        self._places: dict[tuple[str, int, str], None] = {}

    def read(self, reading: Reading) -> None:
        """Put ``waiting_at{file,line,function}``.

        Raises:
            PermissionError: the target is not ours to trace.
            OSError: py-spy gave nothing.
        """
        threads = dump(self._command)
        waiting = Counter(waiting_places(threads))
        for place in waiting:
            if len(self._places) < MOST_PLACES:
                self._places[place] = None
        for file, line, function in self._places:
            column = Column.of("waiting_at", file=file, line=str(line), function=function)
            reading.values[column] = float(waiting[file, line, function])
        if any(runs_tasks(each) for each in threads):
            reading.standing.blind_spots["tasks"] = (
                "tasks of asyncio that wait: stacks show its loop alone; the agent tells (leakdoc run --agent -- CMD)"
            )
        reading.standing.touched = "its stacks were read by py-spy, without stopping it (and /proc and netlink read)"


def dump_command(pid: int) -> list[str]:
    """Return the command that tells the stacks of a process without stopping it.

    Raises:
        MissingDependency: there is no py-spy.
    """
    return [*_py_spy(), "dump", "--nonblocking", "--json", "--pid", str(pid)]


def places_of(threads: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int, str]]:
    """Yield, of each thread, the innermost place of the target's own code."""
    for thread in threads:
        frames = [_frame(each) for each in thread.get("frames") or ()]
        place = next((frame for frame in frames if not is_library(frame[0])), None)
        if place is not None:
            yield place


def waiting_places(threads: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, int, str]]:
    """Yield, of each thread that waits in a checkout, the place of the target's own code that asked for it."""
    for thread in threads:
        frames = [_frame(each) for each in thread.get("frames") or ()]
        innermost = next((place for place, frame in enumerate(frames) if is_checkout(frame)), None)
        if innermost is not None:
            outside = (each for each in frames[innermost:] if not is_library(each[0]))
            yield next(outside, frames[innermost])


def runs_tasks(thread: Mapping[str, Any]) -> bool:
    """Say whether a thread is an event loop's, whose tasks are on no stack while they wait."""
    frames = [_frame(each) for each in thread.get("frames") or ()]
    return any(file.endswith(LOOPS) and name.rpartition(".")[2] in LOOP_RUNS for file, _, name in frames)


def is_checkout(frame: tuple[str, int, str]) -> bool:
    """Say whether a frame is in a driver's checkout."""
    file, _, function = frame
    return any(file.endswith(end) and function.rpartition(".")[2] == name for end, name in CHECKOUTS)


def is_library(file: str) -> bool:
    """Say whether a file belongs to an installed library, or to Python itself."""
    return "site-packages" in file or "dist-packages" in file or "/lib/python3" in file or file.startswith("<frozen")


def _frame(told: Mapping[str, Any]) -> tuple[str, int, str]:
    file = told.get("filename") or told.get("short_filename") or "?"
    return inert(str(file)), int(told.get("line") or 0), inert(str(told.get("name") or "?"))


def dump(command: list[str]) -> list[Mapping[str, Any]]:
    """Run the command; return the threads with their frames.

    Raises:
        PermissionError: the target is not ours to trace.
        OSError: py-spy gave nothing.
    """
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        raise OSError("py-spy did not end in time") from None
    try:
        threads = json.loads(done.stdout)
    except ValueError:
        words = said(done.stderr.decode("utf-8", "replace"))
        raise (PermissionError if "ermission" in words else OSError)(f"py-spy: {words}") from None
    return threads if isinstance(threads, list) else []


def said(complaint: str) -> str:
    """Return what py-spy complains of, and the cause that it names last, without the trace of its own stack."""
    told, _, causes = complaint.partition("Stack backtrace:")[0].partition("Caused by:")
    first = told.strip().partition("\n")[0].removeprefix("Error: ")
    cause = causes.strip().rpartition("\n")[2].strip().partition(": ")
    last = cause[2] if cause[0].isdigit() else "".join(cause)
    return inert(f"{first} ({last})" if last else first or "it said nothing", longest=200)


def _py_spy() -> list[str]:
    beside = Path(sys.executable).parent / "py-spy"
    found = str(beside) if beside.exists() else which("py-spy")
    if found is None:
        raise MissingDependency("reading stacks needs py-spy", help="Install it with: pip install py-spy")
    return [found]
