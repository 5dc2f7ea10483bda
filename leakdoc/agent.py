"""What runs inside a target: a thread that sleeps until it is asked, and answers fixed questions about memory.

One file, standard library only, Python 3.11 or newer: copy it into an image (`leakdoc agent > leakdoc_agent.py`) and
call `start()`, or start the program with `leakdoc run --agent -- CMD`. It is long because it is one file; read it top
to bottom: starting, the place, the thread, the protocol, the heap, the types, the connections.

It listens on a Unix socket, mode 0600 in a 0700 directory of the user's own, or on an abstract one where nothing can
be written; it answers only its own user and root; it runs nothing that it is sent, and sends nothing by itself. One
request is one line of JSON, and so is its answer::

    {"v": 1, "ask": "heap"}
    {"v": 1, "ok": true, "answer": {"malloc_in_use_bytes": 1048576, ...}}
    {"v": 1, "ok": false, "error": "..."}
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import secrets
import stat
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

PROTOCOL: Final = 1
LONGEST_REQUEST: Final = 1 << 16  # bytes of one line
PATIENCE_S: Final = 30.0  # a client that says nothing for so long is hung up on
STOPPING_S: Final = 1.0  # how long a fork waits for a question to be answered
CHUNK: Final = 20_000  # objects looked at between two chances for other threads to run: about a millisecond

Answer = dict[str, Any]
Request = Callable[[Answer], Answer]


class Refused(Exception):
    """A question that is not answered, with the reason in words."""


# -- starting ---------------------------------------------------------------------------------------------------------


def start(*, deadline_s: float | None = None, directory: str | None = None) -> str:
    """Start the agent of this process, unless it runs already.

    Args:
        deadline_s: seconds after which it ends by itself; null for as long as the process lives.
        directory: where its socket goes; null for a directory of the user's own.

    Returns:
        The address of its socket; an abstract one starts with ``@``.

    Raises:
        OSError: no socket can be made.
    """
    if _State.agent is None:
        _State.agent = _Agent(directory, None if deadline_s is None else time.monotonic() + deadline_s)
        _State.agent.listen()
        if not _State.watches_forks:
            _State.watches_forks = True
            os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)
            atexit.register(stop)
    return _State.agent.address


def stop() -> None:
    """End the agent of this process and remove its socket."""
    agent, _State.agent = _State.agent, None
    if agent is not None:
        agent.close()


class _State:
    """What there is one of in a process."""

    agent: _Agent | None = None
    watches_forks = False


def _before_fork() -> None:
    """Let the thread end, so that the program forks with the threads that it has itself."""
    if _State.agent is not None:
        _State.agent.pause()


def _after_fork() -> None:
    if _State.agent is not None:
        _State.agent.resume()


def _in_child() -> None:
    """Give a child an agent of its own; one that was sent for a while stays with the parent alone."""
    agent, _State.agent = _State.agent, None
    if agent is None:
        return
    agent.forget()
    if agent.deadline is None:
        with contextlib.suppress(OSError):
            start(directory=agent.directory)


def _original(module: str, name: str) -> Any:
    """Return what a module had before gevent or eventlet replaced it: this thread must be a thread."""
    patched = sys.modules.get("gevent.monkey")
    if patched is not None:
        return patched.get_original(module, name)
    patched = sys.modules.get("eventlet.patcher")
    if patched is not None:
        return getattr(patched.original(module), name)
    return getattr(__import__(module), name)


# -- the place of the socket ------------------------------------------------------------------------------------------


def _places() -> Iterator[str]:
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        yield os.path.join(runtime, "leakdoc")  # noqa: PTH118
    for base in ("/tmp", "/var/tmp", "/dev/shm"):
        yield f"{base}/leakdoc-{os.geteuid()}"


def _private(directory: str) -> bool:
    """Make a directory that is ours alone; say whether it is."""
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(directory, 0o700)  # noqa: PTH102
        found = os.lstat(directory)
    except OSError:
        return False
    ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
    return ours and os.access(directory, os.W_OK)


def _sweep(directory: str) -> None:
    """Remove the sockets that processes of this user left when they were killed."""
    for name in os.listdir(directory):  # noqa: PTH208
        kind, _, rest = name.partition("-")
        pid = rest.partition("-")[0]
        if kind == "agent" and pid.isdigit() and not os.path.exists(f"/proc/{pid}") and os.path.exists("/proc/self"):  # noqa: PTH110
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(directory, name))  # noqa: PTH108, PTH118


# -- the thread -------------------------------------------------------------------------------------------------------


class _Agent:
    """A listening socket, and the thread that sleeps on it."""

    def __init__(self, directory: str | None, deadline: float | None) -> None:
        self.directory = directory
        self.deadline = deadline
        self.address = ""
        self._path = ""
        self._thread_id = 0
        self._wake_read, self._wake_write = os.pipe()
        self._ended = _original("_thread", "allocate_lock")()
        self._socket: Any = None

    def listen(self) -> None:
        """Bind, and start the thread.

        Raises:
            OSError: no socket can be made.
        """
        import _socket

        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | getattr(_socket, "SOCK_CLOEXEC", 0))
        name = f"agent-{os.getpid()}-{secrets.token_hex(4)}"
        for directory in (self.directory,) if self.directory else _places():
            if _private(directory) and len(directory) < 60:
                _sweep(directory)
                self._path = self.address = f"{directory}/{name}.sock"
                self._socket.bind(self._path)
                os.chmod(self._path, 0o600)  # noqa: PTH101
                break
        else:
            self.address = f"@leakdoc-{name}"
            self._socket.bind(f"\0leakdoc-{name}".encode())
        self._socket.listen(4)
        self._socket.setblocking(False)
        self.resume()

    def resume(self) -> None:
        """Start the thread, unless it runs."""
        if self._ended.acquire(False):
            try:
                _original("_thread", "start_new_thread")(self._serve, ())
            except RuntimeError:  # the interpreter is going down, or has no thread to give
                self._ended.release()

    def pause(self) -> None:
        """End the thread, and wait until it is gone; a question that is being answered is waited for only so long."""
        os.write(self._wake_write, b".")
        if self._ended.acquire(True, STOPPING_S):
            self._ended.release()
            task, patience = f"/proc/self/task/{self._thread_id}", time.monotonic() + 0.05
            while os.path.exists(task) and time.monotonic() < patience:  # noqa: PTH110
                _original("time", "sleep")(0.0002)
            os.read(self._wake_read, 64)

    def close(self) -> None:
        """End the thread, close and remove the socket."""
        self._unlink()
        os.write(self._wake_write, b".")
        if _original("_thread", "get_ident")() != self._thread_id:
            self._ended.acquire(True, STOPPING_S)
        self.forget()

    def forget(self) -> None:
        """Close what is open."""
        for descriptor in (self._wake_read, self._wake_write):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._socket.close()

    def _unlink(self) -> None:
        if self._path:
            with contextlib.suppress(OSError):
                os.unlink(self._path)  # noqa: PTH108

    def _serve(self) -> None:
        try:
            self._thread_id = _own_thread()
            while self._waited():
                with contextlib.suppress(OSError):
                    descriptor, _ = self._socket._accept()
                    _Conversation(descriptor).hold()
        finally:
            self._thread_id = 0 if self._expired() else self._thread_id
            self._ended.release()
        if self._expired() and _State.agent is self:
            _State.agent = None
            self._unlink()
            self.forget()

    def _expired(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def _waited(self) -> bool:
        """Sleep until somebody connects; false when the thread is to end."""
        import _socket  # noqa: F401

        poll = _original("select", "poll")()
        poll.register(self._socket.fileno(), 1)
        poll.register(self._wake_read, 1)
        left = None if self.deadline is None else max(self.deadline - time.monotonic(), 0.0) * 1000
        ready = [descriptor for descriptor, _ in poll.poll(left)]
        return bool(ready) and self._wake_read not in ready


def _own_thread() -> int:
    """Keep signals away from this thread, so that they interrupt the program's own; return the thread's number."""
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    return int(_original("_thread", "get_native_id")())


# -- the protocol -----------------------------------------------------------------------------------------------------


class _Conversation:
    """One client: its questions, one a line, each answered before the next is read."""

    def __init__(self, descriptor: int) -> None:
        import _socket

        self._socket = _socket.socket(fileno=descriptor)
        self._socket.settimeout(PATIENCE_S)

    def hold(self) -> None:
        """Answer until the client hangs up."""
        try:
            if self._is_known():
                for line in self._lines():
                    self._socket.sendall(json.dumps(_answered(line)).encode() + b"\n")
        finally:
            self._socket.close()

    def _is_known(self) -> bool:
        """Say whether the caller is this process's user, or root (unix(7), SO_PEERCRED)."""
        import _socket

        if not hasattr(_socket, "SO_PEERCRED"):
            return True  # the directory lets nobody else in
        _, uid, _ = struct.unpack("3i", self._socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))
        return uid in (0, os.geteuid(), os.getuid())

    def _lines(self) -> Iterator[bytes]:
        waiting = b""
        while part := self._socket.recv(4096):
            waiting += part
            while b"\n" in waiting:
                line, _, waiting = waiting.partition(b"\n")
                yield line
            if len(waiting) > LONGEST_REQUEST:
                return


def _answered(line: bytes) -> Answer:
    """Answer one line; whatever goes wrong is an answer too."""
    try:
        asked = json.loads(line)
        if not isinstance(asked, dict) or asked.get("v") != PROTOCOL:
            raise Refused(f"this agent speaks version {PROTOCOL}")
        request = REQUESTS.get(str(asked.get("ask")))
        if request is None:
            raise Refused(f"there is no such question; there are {', '.join(sorted(REQUESTS))}")
        began = time.perf_counter()
        answer = request(asked)
        return {"v": PROTOCOL, "ok": True, "took_ms": (time.perf_counter() - began) * 1e3, "answer": answer}
    except Exception as error:
        return {"v": PROTOCOL, "ok": False, "error": f"{type(error).__name__}: {error}"[:500]}


def _hello(asked: Answer) -> Answer:
    """Who this is."""
    del asked
    return {
        "pid": os.getpid(),
        "python": ".".join(map(str, sys.version_info[:3])),
        "implementation": sys.implementation.name,
        "requests": sorted(REQUESTS),
        "adapters": [adapter.name for adapter in ADAPTERS],
        "temporary": _State.agent is not None and _State.agent.deadline is not None,
    }


# -- the heap ---------------------------------------------------------------------------------------------------------


def _heap(asked: Answer) -> Answer:
    """The allocators' own counters: what is in use, and what is free and not returned. What is not known is absent."""
    del asked
    counters: Answer = {"python_blocks": sys.getallocatedblocks()}
    for read in (_malloc_counters, _pymalloc_counters):
        try:
            counters.update(read())
        except Exception as error:
            counters.setdefault("unavailable", {})[read.__name__.strip("_")] = f"{type(error).__name__}: {error}"[:200]
    if "malloc_in_use_bytes" in counters:
        counters["heap_bytes"] = counters["malloc_in_use_bytes"] + counters.get("pymalloc_in_use_bytes", 0)
    return counters


def _malloc_counters() -> Answer:
    """`mallinfo2` of glibc 2.33 and newer (mallinfo(3)): the arenas of all threads, and what is mapped by itself."""
    import ctypes

    fields = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    shape = type("mallinfo2", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_size_t) for name in fields]})
    function = ctypes.CDLL(None).mallinfo2
    function.restype = shape
    info = function()
    return {
        "malloc_in_use_bytes": info.uordblks + info.hblkhd,
        "malloc_free_bytes": info.fordblks,
        "malloc_top_bytes": info.keepcost,
        "malloc_mapped_bytes": info.hblkhd,
    }


_PYMALLOC_LINES: Final = {
    "# bytes in allocated blocks": "pymalloc_in_use_bytes",
    "# bytes in available blocks": "pymalloc_free_bytes",
    "# arenas allocated current": "pymalloc_arenas",
}


def _pymalloc_counters() -> Answer:
    """CPython's own report on its small-object allocator, as `sys._debugmallocstats` prints it, read from memory."""
    import ctypes

    libc = ctypes.CDLL(None)
    libc.open_memstream.restype = ctypes.c_void_p
    libc.fclose.argtypes = libc.free.argtypes = [ctypes.c_void_p]
    report = ctypes.pythonapi._PyObject_DebugMallocStats
    report.argtypes = [ctypes.c_void_p]
    text, size = ctypes.c_void_p(), ctypes.c_size_t()
    stream = libc.open_memstream(ctypes.byref(text), ctypes.byref(size))
    in_use = report(stream)
    libc.fclose(stream)
    lines = ctypes.string_at(text, size.value).decode("ascii", "replace").splitlines() if in_use else []
    libc.free(text)
    pairs = (line.partition("=") for line in lines)
    return {
        _PYMALLOC_LINES[name.strip()]: int(number.strip().replace(",", ""))
        for name, _, number in pairs
        if name.strip() in _PYMALLOC_LINES
    }


# -- the types --------------------------------------------------------------------------------------------------------

_NAME_OF: Final = type.__dict__["__qualname__"].__get__
_MODULE_OF: Final = type.__dict__["__module__"].__get__


def name_of(kind: type) -> str:
    """Name a type without running anything of its own."""
    try:
        module = _MODULE_OF(kind)
    except AttributeError:
        module = "?"
    name = str(_NAME_OF(kind))
    return name if module in ("builtins", "__main__") or type(module) is not str else f"{module}.{name}"


def _types(asked: Answer) -> Answer:
    """How many objects there are of each type, of those that the garbage collector tracks."""
    most = int(asked.get("most", 200))
    budget = float(asked.get("budget_ms", 200.0))
    objects = tracked(budget)
    counts: Counter[type] = Counter()
    try:
        for first in range(0, len(objects), CHUNK):
            counts.update(map(type, objects[first : first + CHUNK]))
            _original("time", "sleep")(0)
        total = len(objects)
    finally:
        del objects
    return {"total": total, "types": [[name_of(kind), count] for kind, count in counts.most_common(most)]}


def tracked(budget_ms: float) -> list[Any]:
    """Return every object that the collector tracks.

    Raises:
        Refused: listing them would stop the program for longer than the budget (9 ns an object, measured).
    """
    expected_ms = sys.getallocatedblocks() * 9e-6
    if expected_ms > budget_ms:
        raise Refused(f"listing the objects may stop the program for {expected_ms:.0f} ms, budget {budget_ms:.0f}")
    return gc.get_objects()


# -- connections: adapters of clients are plugged in here -------------------------------------------------------------


class Adapter:
    """What knows one client library: it notes where connections are opened, and says so when it is asked.

    Args:
        name: the library, as a person calls it.
        module: the module whose import it waits for.
    """

    name = ""
    module = ""

    def install(self) -> None:
        """Begin to note; called once, when the agent starts."""

    def report(self) -> list[Answer]:
        """Say what is open now: ``{"peer", "age_s", "file", "line", "function"}`` each."""
        return []


ADAPTERS: Final[list[Adapter]] = []


def _connections(asked: Answer) -> Answer:
    """What the adapters know of open connections."""
    del asked
    return {adapter.name: adapter.report() for adapter in ADAPTERS}


# -- the table of questions -------------------------------------------------------------------------------------------

REQUESTS: Final[dict[str, Request]] = {
    "connections": _connections,
    "heap": _heap,
    "hello": _hello,
    "types": _types,
}
