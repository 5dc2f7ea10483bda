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

# These are built into the interpreter, or frozen into it: no file of a program's can stand in for them.
import _thread
import os
import sys


class _OwnImports:
    """A finder that stands first: this thread finds the standard library's modules there, while it is entered.

    A program may have a `json.py` or a `signal.py` of its own. It is not ours to run; and what we load in its place is
    taken out of `sys.modules` again, so that the program still finds its own.
    """

    needed = (
        "_socket", "collections", "contextlib", "contextvars", "functools", "heapq", "json", "select", "struct",
        "typing", "weakref",
    )  # fmt: skip

    def __init__(self) -> None:
        self._find = sys.modules["_frozen_importlib_external"].PathFinder.find_spec
        library, archive = os.path.dirname(getattr(os, "__file__", "")), "python{}{}.zip".format(*sys.version_info)  # noqa: PTH120
        self._places = [each for each in sys.path if each == library or each.endswith(("lib-dynload", archive))]
        self._entered: dict[int, set[str]] = {}

    def find_spec(self, name, path=None, target=None):  # type: ignore[no-untyped-def]
        """Find a module of the standard library for a thread of ours; nothing for all others (PEP 451)."""
        del target
        if path is not None or _thread.get_ident() not in self._entered or name not in sys.stdlib_module_names:
            return None
        return self._find(name, self._places)

    def __enter__(self) -> None:
        self._entered[_thread.get_ident()] = set(sys.modules)

    def __exit__(self, *_: object) -> None:
        before = self._entered.pop(_thread.get_ident(), None)
        came = set(sys.modules) - before if before is not None else set()
        hidden = {name for name in came & sys.stdlib_module_names if self._is_hidden(name)}
        for name in [each for each in sys.modules if each.partition(".")[0] in hidden]:
            sys.modules.pop(name, None)

    def check(self) -> None:
        """Look whether the program has already loaded something of its own in place of what is needed.

        Raises:
            ImportError: it has.
        """
        for name in self.needed:
            loaded, found = getattr(sys.modules.get(name), "__file__", None), self._find(name, self._places)
            if loaded and found is not None and found.has_location and not _is_same_file(loaded, found.origin):
                raise ImportError(f"the program has a module {name} of its own, {loaded}, where Python's is needed")

    def _is_hidden(self, name: str) -> bool:
        """Say whether the program finds another module by this name: where it looks, or will once it has begun."""
        script = sys.argv[0] if getattr(sys, "argv", None) else ""
        beside = os.path.dirname(script) if os.path.isfile(script) else ""  # noqa: PTH113, PTH120
        spec, theirs = getattr(sys.modules.get(name), "__spec__", None), self._find(name, [beside, *sys.path])
        if spec is None or not spec.has_location or theirs is None:
            return False
        return theirs.origin is not None and not _is_same_file(spec.origin, theirs.origin)


def _is_same_file(one: str, other: str) -> bool:
    try:
        return one == other or os.path.samefile(one, other)  # noqa: PTH121
    except OSError:
        return True  # one that is no file of its own, as in an archive: nothing is known against it


_OWN_IMPORTS = _OwnImports()
_OWN_IMPORTS.check()
sys.meta_path.insert(0, _OWN_IMPORTS)
with _OWN_IMPORTS:
    import _socket
    import atexit
    import contextlib
    import contextvars
    import functools
    import gc
    import heapq
    import io
    import itertools
    import json
    import select
    import stat
    import struct
    import time
    import weakref
    from collections import Counter, deque
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
    """Start the agent of this process, unless it runs already, be it that of another copy of this file.

    Args:
        deadline_s: seconds after which it ends by itself; null for as long as the process lives.
        directory: where its socket goes; null for a directory of the user's own.

    Returns:
        The address of its socket; an abstract one starts with ``@``.

    Raises:
        OSError: no socket can be made.
    """
    if deadline_s is None and _State.agent is None:
        pid, address = getattr(sys, "_leakdoc_agent", (0, ""))
        if pid == os.getpid():
            return str(address)
    if _State.agent is None:
        _State.agent = _Agent(directory, None if deadline_s is None else time.monotonic() + deadline_s)
        _State.agent.listen()
        if deadline_s is None:
            sys._leakdoc_agent = os.getpid(), _State.agent.address  # type: ignore[attr-defined]
            _note_connections()
        if not _State.watches_forks:
            _State.watches_forks = True
            os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)
            atexit.register(stop)
    return _State.agent.address


def stop() -> None:
    """End the agent of this process and remove its socket."""
    agent, _State.agent = _State.agent, None
    if agent is not None:
        if getattr(sys, "_leakdoc_agent", None) == (os.getpid(), agent.address):
            del sys._leakdoc_agent  # type: ignore[attr-defined]
        agent.close()


class _State:
    """What there is one of in a process."""

    agent: _Agent | None = None
    looks: _Looks | None = None
    mallinfo: Any = None
    watches_forks = False
    leaving = 0  # the thread of an agent that has ended, by the kernel's number


def _before_fork() -> None:
    """Let the thread end, so that the program forks with the threads that it has itself."""
    if _State.agent is not None:
        _State.agent.pause()
    leaving, _State.leaving = _State.leaving, 0
    if leaving:
        _await_end_of(leaving)


def _await_end_of(thread: int) -> None:
    """Wait a moment until a thread that has nothing to do any more is gone for the kernel too."""
    task, patience = f"/proc/self/task/{thread}", time.monotonic() + 0.05
    while os.path.exists(task) and time.monotonic() < patience:  # noqa: PTH110
        _original("time", "sleep")(0.0002)


def _after_fork() -> None:
    if _State.agent is not None:
        _State.agent.resume()


def _in_child() -> None:
    """Give a child an agent of its own; one that was sent for a while stays with the parent alone."""
    agent, _State.agent = _State.agent, None
    if agent is None:
        return
    agent.forget()
    _forget_trace()
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
    return getattr(_MODULES[module], name)


_MODULES: Final = {"_thread": _thread, "select": select, "time": time}


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


def _remove(directory: str, *names: str) -> None:
    """Remove a directory that came with files of these names only."""
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(f"{directory}/{name}")  # noqa: PTH108
    with contextlib.suppress(OSError):
        os.rmdir(directory)  # noqa: PTH106


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
        self._closing = _original("_thread", "allocate_lock")()
        self._is_closed = self._is_over = False
        self._conversation: _Conversation | None = None
        self._socket: Any = None

    def listen(self) -> None:
        """Bind, and start the thread.

        Raises:
            OSError: no socket can be made.
        """
        self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | getattr(_socket, "SOCK_CLOEXEC", 0))
        name = f"agent-{os.getpid()}-{os.urandom(4).hex()}"
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
            if self._is_over:
                self._ended.release()
                return
            try:
                _original("_thread", "start_new_thread")(self._serve, ())
            except RuntimeError:  # the interpreter is going down, or has no thread to give
                self._ended.release()

    def pause(self) -> None:
        """End the thread, and wait until it is gone; a question that is being answered is waited for only so long."""
        with self._closing:
            if self._is_closed:
                return
            os.write(self._wake_write, b".")
        if self._ended.acquire(True, STOPPING_S):
            self._ended.release()
            _await_end_of(self._thread_id)
        with self._closing:
            if not self._is_closed:
                os.read(self._wake_read, 64)

    def close(self) -> None:
        """End the thread, close and remove the socket."""
        self._unlink()
        self._is_over = True
        with self._closing:
            if not self._is_closed:
                os.write(self._wake_write, b".")
        if _original("_thread", "get_ident")() != self._thread_id:
            self._ended.acquire(True, STOPPING_S)
        self.forget()

    def forget(self) -> None:
        """Close what is open, once: a number that was closed may be the program's by now."""
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            for descriptor in (self._wake_read, self._wake_write):
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            self._socket.close()
            if self._conversation is not None:
                self._conversation.hang_up()

    def _unlink(self) -> None:
        if self._path:
            with contextlib.suppress(OSError):
                os.unlink(self._path)  # noqa: PTH108

    def _tidy(self) -> None:
        """Remove what one that was sent came in, where whoever sent it has not done so."""
        if not os.path.basename(str(self.directory)).startswith("leakdoc-sent-"):  # noqa: PTH119
            return
        _remove(str(self.directory), "go.py", "enter.py", "leakdoc_agent.py", "failed", "lock")

    def _serve(self) -> None:
        try:
            self._thread_id = _own_thread()
            while self._conversation is not None or self._waited():
                if not self._talked():
                    break
        finally:
            expired = self._is_over = self._expired() or self._is_over
            if expired:
                _State.leaving, self._thread_id = self._thread_id, 0
            self._ended.release()
        if self._expired() and _State.agent is self:
            _State.agent = None
            self._unlink()
            self.forget()
            self._tidy()

    def _talked(self) -> bool:
        """Talk to whoever has connected; false when the thread is to end before they have finished."""
        try:
            if self._conversation is None:
                descriptor, _ = self._socket._accept()
                self._conversation = _Conversation(descriptor, self._wake_read)
            self._conversation.hold()
        except _Paused:
            return False
        except OSError:
            pass
        self._conversation = None
        if self.deadline is not None:
            self.deadline = 0.0  # one that was sent for a while was sent for one conversation
        return True

    def _expired(self) -> bool:
        """Say whether it is over for one that was sent; not while somebody is talking to it."""
        return self.deadline is not None and self._conversation is None and time.monotonic() >= self.deadline

    def _waited(self) -> bool:
        """Sleep until somebody connects; false when the thread is to end."""
        poll = _original("select", "poll")()
        poll.register(self._socket.fileno(), 1)
        poll.register(self._wake_read, 1)
        left = None if self.deadline is None else max(self.deadline - time.monotonic(), 0.0) * 1000
        ready = [descriptor for descriptor, _ in poll.poll(left)]
        return bool(ready) and self._wake_read not in ready


def _own_thread() -> int:
    """Keep signals away from this thread, so that they interrupt the program's own; return the thread's number."""
    import _signal

    _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    return int(_original("_thread", "get_native_id")())


# -- the protocol -----------------------------------------------------------------------------------------------------


class _Paused(BaseException):
    """The program is about to fork; the conversation goes on after it."""


class _Conversation:
    """One client: its questions, one a line, each answered before the next is read.

    Args:
        wake: a descriptor that can be read from when the thread is to end.
    """

    def __init__(self, descriptor: int, wake: int) -> None:
        self._socket = _socket.socket(fileno=descriptor)
        self._socket.settimeout(PATIENCE_S)
        self._wake = wake
        self._waiting = b""

    def hold(self) -> None:
        """Answer until the client hangs up.

        Raises:
            _Paused: the thread is to end for a while; nothing is lost.
        """
        try:
            if self._is_known():
                for line in self._lines():
                    self._socket.sendall(json.dumps(_answered(line)).encode() + b"\n")
        except _Paused:
            raise
        except BaseException:
            self._over()
            raise
        self._over()

    def hang_up(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _over(self) -> None:
        self._socket.close()
        _State.looks = None
        with contextlib.suppress(Exception):
            _trace_stop({})
        _remove_captures()

    def _is_known(self) -> bool:
        """Say whether the caller is this process's user, or root (unix(7), SO_PEERCRED)."""
        if not hasattr(_socket, "SO_PEERCRED"):
            return True  # the directory lets nobody else in
        _, uid, _ = struct.unpack("3i", self._socket.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, 12))
        return uid in (0, os.geteuid(), os.getuid())

    def _lines(self) -> Iterator[bytes]:
        while part := self._received():
            self._waiting += part
            while b"\n" in self._waiting:
                line, _, self._waiting = self._waiting.partition(b"\n")
                yield line
            if len(self._waiting) > LONGEST_REQUEST:
                return

    def _received(self) -> bytes:
        """Wait for the client; end a window that has lasted, or holds, as much as it may."""
        poll = _original("select", "poll")()
        poll.register(self._socket.fileno(), 1)
        poll.register(self._wake, 1)
        end = time.monotonic() + PATIENCE_S
        while True:
            ready = [descriptor for descriptor, _ in poll.poll(100 if _Trace.tool else PATIENCE_S * 1000)]
            if self._wake in ready:
                raise _Paused
            if ready:
                return bytes(self._socket.recv(4096))
            if time.monotonic() > end:
                raise TimeoutError
            if _Trace.tool and (time.monotonic() > _Trace.deadline or _tracer_bytes() > _Trace.most_bytes):
                with contextlib.suppress(Exception):
                    _trace_stop({})


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
        with _OWN_IMPORTS:
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
    if _State.mallinfo is None:
        _State.mallinfo = _mallinfo()
    info = _State.mallinfo()
    return {
        "malloc_in_use_bytes": info.uordblks + info.hblkhd,
        "malloc_free_bytes": info.fordblks,
        "malloc_top_bytes": info.keepcost,
        "malloc_mapped_bytes": info.hblkhd,
    }


def _mallinfo() -> Any:
    import ctypes

    fields = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    function = ctypes.CDLL(None).mallinfo2
    function.restype = type(
        "mallinfo2", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_size_t) for name in fields]}
    )
    return function


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
_C_METHODS: Final = (type(object.__sizeof__), type(list.append), type(object.__init__))


def name_of(kind: type) -> str:
    """Name a type without running anything of its own."""
    try:
        module = _MODULE_OF(kind)
    except AttributeError:
        module = "?"
    name = str(_NAME_OF(kind))
    return name if module in ("builtins", "__main__") or type(module) is not str else f"{module}.{name}"


def size_of(thing: Any) -> int:
    """Return the bytes of an object alone, by the first `__sizeof__` of its type that is written in C."""
    for kind in type.__dict__["__mro__"].__get__(type(thing)):
        method = kind.__dict__.get("__sizeof__")
        if type(method) in _C_METHODS:
            return int(method(thing))
    return 0


def _types(asked: Answer) -> Answer:
    """How many objects there are of each type, of those that the garbage collector tracks."""
    most = int(asked.get("most", 200))
    counts, total = _counted(float(asked.get("budget_ms", 200.0)))
    return {"total": total, "types": [[name_of(kind), count] for kind, count in counts.most_common(most)]}


def _counted(budget_ms: float) -> tuple[Counter[type], int]:
    objects = tracked(budget_ms)
    counts: Counter[type] = Counter()
    try:
        for first in range(0, len(objects), CHUNK):
            counts.update(map(type, objects[first : first + CHUNK]))
            _original("time", "sleep")(0)
        return counts, len(objects)
    finally:
        while objects:  # in pieces too: letting go of millions at once would stop the program
            del objects[-CHUNK:]
            _original("time", "sleep")(0)


def tracked(budget_ms: float) -> list[Any]:
    """Return every object that the collector tracks.

    Raises:
        Refused: listing them would stop the program for longer than the budget (9 ns an object, measured).
    """
    expected_ms = sys.getallocatedblocks() * 9e-6
    if expected_ms > budget_ms:
        raise Refused(f"listing the objects may stop the program for {expected_ms:.0f} ms, budget {budget_ms:.0f}")
    return gc.get_objects()


# -- looks: what is reachable from the roots, and which containers have grown since the look before -----------------

_ATOMS: Final = frozenset((int, float, complex, bool, str, bytes, type(None), type(...), range, slice))
_GETSET: Final = type(type(_sweep).__dict__["__code__"])  # which of them a type uses differs from version to version
_MEMBER: Final = type(type(_sweep).__dict__["__globals__"])
_ENDS: Final = frozenset(  # what leads everywhere, and keeps nothing of a program's data
    (type(len), type(list.append), type(object.__init__), _GETSET, _MEMBER, type(_sweep.__code__))
)
_LIBRARY: Final = tuple({os.path.dirname(os.__file__), os.path.dirname(json.__file__)})  # noqa: PTH120
_WIDE: Final = 400  # of a longer container only some items are followed: they are alike
_FOLLOWED: Final = 24  # how many
_GREENLETS: Final = 500  # of so many it is looked where they wait
_NAMED: Final = 8  # of so many types that grow in number a way to an instance is told
_LONG: Final = 32  # a shorter container that turns over holds little
_NEAR: Final = 40  # objects of one item, the nearest first, of which it is asked what made them
_ASKED: Final = 2_000  # items of a container without an order that are asked whether they are new
_MAKERS: Final = 6  # lines told of one container's newest items
_WATCHED: Final = 40  # of so many containers that keep their length it is asked whether their items are new
_WEIGHED: Final = 60  # of so many containers that grew it is estimated what their items keep
_OURS_AND_THE_FRAMES: Final = 4  # references to a copy of locals: the frame's, the list's, the loop's and the call's
_CO_OPTIMIZED: Final = 1  # Include/cpython/code.h: locals live in the frame


class _Looks:
    """What the looks of one conversation found: lengths by identity, and the few containers worth a second question."""

    def __init__(self) -> None:
        self.lengths: list[dict[int, int]] = []  # one dictionary a look: no object of ours for each of theirs
        self.types: list[Counter[type]] = []
        self.at: list[float] = []
        self.kept: list[Any] = []
        self.namespaces: frozenset[int] = frozenset()

    def counts(self, kind: type) -> list[int]:
        """Return how many objects of a type there were at each look."""
        return [counts[kind] for counts in self.types]

    def series(self, identity: int) -> list[int]:
        """Return the length of a container at each look, where all have seen it; nothing else."""
        found = [lengths[identity] for lengths in self.lengths if identity in lengths]
        return found if len(found) == len(self.lengths) else []


class _Walk:
    """One walk from the roots, breadth first, the program's own modules before its libraries."""

    wide = _WIDE

    def __init__(self, budget_ms: float, most: int) -> None:
        self.budget_s = budget_ms / 1000
        self.most = most
        self.parent: dict[int, tuple[Any, int]] = {}  # identity to the object and whence it was reached
        self.roots: dict[int, tuple[str, str]] = {}  # identity to what kind of root it is, and its name
        self.cut = False
        self.namespaces = frozenset(id(_namespace(module)) for module in list(sys.modules.values()))
        self.own: list[int] = []  # what was reached before the libraries' modules were
        self._clean: list[Any] = []

    def run(self) -> None:
        """Walk until everything has been reached, or the budget is spent."""
        began = time.thread_time()
        self._skip_own()
        for layer in self._layers():
            waiting = layer
            while waiting and not self.cut:
                reached: list[tuple[Any, int]] = []
                for thing, parent in waiting:
                    if id(thing) not in self.parent:
                        self.parent[id(thing)] = (thing, parent)
                        reached.extend(self._children(thing))
                    if len(self.parent) >= self.most or time.thread_time() - began > self.budget_s:
                        self.cut = True
                        break
                waiting = reached
            self.own = self.own or list(self.parent)

    def forget(self) -> None:
        """Let go of everything, and of the copies of locals that older interpreters made for us."""
        self.parent.clear()
        for locals_of in self._clean:
            if sys.getrefcount(locals_of) <= _OURS_AND_THE_FRAMES:
                locals_of.clear()
        self._clean.clear()

    def chain(self, identity: int) -> list[Any]:
        """Return the objects that lead from a root to one, itself included; of a long way, the ends."""
        chain: list[Any] = []
        while identity in self.parent:
            thing, identity = self.parent[identity]
            chain.append(thing)
        chain.reverse()
        return chain if len(chain) <= 40 else chain[:20] + chain[-20:]

    def depth(self, identity: int) -> int:
        """Return how many steps it is from a root to an object that was reached; 0 for a root."""
        steps = -1
        while identity in self.parent:
            identity, steps = self.parent[identity][1], steps + 1
        return steps

    def is_within(self, identity: int, steps: int) -> bool:
        """Say whether an object was reached in so many steps from a root, or fewer."""
        for _ in range(steps + 1):
            if identity not in self.parent:
                return False
            identity = self.parent[identity][1]
            if identity == 0:
                return True
        return False

    def _skip_own(self) -> None:
        for thing in (self.__dict__, self.parent, globals(), _State, sys.modules):
            self.parent[id(thing)] = (None, 0)

    def _layers(self) -> Iterator[list[tuple[Any, int]]]:
        own: list[tuple[Any, int]] = list(self._frames())
        libraries: list[tuple[Any, int]] = []
        for name, module in list(sys.modules.items()):
            if type(module) is type(sys) and not name.startswith("_leakdoc"):
                self.roots[id(module)] = ("module", name)
                (libraries if _is_library(module) else own).append((module, 0))
        own.sort(key=lambda each: self.roots.get(id(each[0]), ("", ""))[1] != "__main__")
        yield own
        yield libraries

    def _frames(self) -> Iterator[tuple[Any, int]]:
        mine = _original("_thread", "get_ident")()
        running = [top for thread, top in list(sys._current_frames().items()) if thread != mine]
        seen: set[int] = set()
        for top in itertools.chain(running, _frames_of_greenlets()):
            frame: Any = top
            while frame is not None and id(frame) not in seen:
                seen.add(id(frame))
                if frame.f_code.co_flags & _CO_OPTIMIZED:
                    locals_of = frame.f_locals
                    if type(locals_of) is dict:
                        self._clean.append(locals_of)
                    else:
                        locals_of = dict(locals_of)
                    name = f"{frame.f_code.co_name} ({os.path.basename(frame.f_code.co_filename)})"  # noqa: PTH119
                    self.roots[id(locals_of)] = ("frame", name)
                    yield locals_of, 0
                frame = frame.f_back

    def _children(self, thing: Any) -> Iterator[tuple[Any, int]]:
        kind = type(thing)
        if kind in _ATOMS or kind in _ENDS:
            return
        is_module = _is(thing, type(sys))
        # A module's names only: the state of its C code is not ours to hold. That of _asyncio once held freed objects,
        # and keeping one crashed the program (CPython issue 122695, up to 3.12.5).
        children = [_namespace(thing)] if is_module else gc.get_referents(thing)
        if len(children) > self.wide and id(thing) not in self.roots:
            children = _some(children)
        for child in children:
            child_kind = type(child)
            if child_kind in _ATOMS or child_kind in _ENDS or _is(child, type(sys)) or child is kind:
                continue  # modules are roots, each in its turn; every object leads to its type
            if id(child) in self.namespaces and not is_module:
                continue
            if id(child) not in self.parent:
                yield child, id(thing)


def _frames_of_greenlets() -> list[Any]:
    """Return where greenlets wait: what their functions hold no other root leads to, as their hub holds them in C."""
    module = sys.modules.get("greenlet")
    kind = getattr(module, "greenlet", None)
    if kind is None:
        return []
    frame_of = kind.__dict__["gr_frame"].__get__  # written in C, so nothing of the program's is run
    with contextlib.suppress(Refused):
        waiting = _instances_of(_kinds_below(kind))
        some = waiting[:: len(waiting) // _GREENLETS + 1]
        return [frame for each in some if (frame := frame_of(each)) is not None]
    return []


def _kinds_below(kind: type) -> set[type]:
    """Return a type and all that derive from it."""
    kinds, waiting = set(), [kind]
    while waiting:
        each = waiting.pop()
        if each not in kinds:
            kinds.add(each)
            waiting.extend(type.__subclasses__(each))
    return kinds


def _instances_of(kinds: set[type]) -> list[Any]:
    """Return the objects of some types.

    Raises:
        Refused: listing all objects would stop the program for too long.
    """
    objects = tracked(200.0)
    found: list[Any] = []
    while objects:
        found.extend(each for each in objects[-CHUNK:] if type(each) in kinds)
        del objects[-CHUNK:]
        _original("time", "sleep")(0)
    return found


def _is_library(module: Any) -> bool:
    namespace = type(sys).__getattribute__(module, "__dict__")
    path = namespace.get("__file__")
    if type(path) is not str:
        return bool(namespace.get("__name__") != "__main__")
    return path.startswith(_LIBRARY) or "site-packages" in path or "dist-packages" in path


def _some(children: list[Any]) -> list[Any]:
    """Take items from the start, the middle and the end."""
    step = max(len(children) // _FOLLOWED, 1)
    return children[::step] + children[-2:]


def _length(thing: Any) -> int | None:
    """Return how long a container is, by its builtin type's own way; null for what is none."""
    kind = type(thing)
    measure = _MEASURES.get(kind)
    if measure is None and kind not in _ATOMS:
        measure = next((_MEASURES[base] for base in type.__dict__["__mro__"].__get__(kind) if base in _MEASURES), None)
    return None if measure is None else int(measure(thing))


def _measures() -> dict[type, Callable[[Any], int]]:
    containers = (list, dict, set, bytearray, deque)
    lengths: dict[type, Callable[[Any], int]] = {kind: kind.__dict__["__len__"] for kind in containers}
    lengths[io.BytesIO] = io.BytesIO.__sizeof__
    return lengths


_MEASURES: Final = _measures()


def _look(asked: Answer) -> Answer:
    """Look at every container, and tell which have grown at every look so far, with the path that keeps each."""
    looks = _State.looks = _State.looks or _Looks()
    budget_ms, most = float(asked.get("budget_ms", 100.0)), int(asked.get("most", 12))
    looks.kept, refused, total = [], None, None
    try:
        counts, total = _counted(budget_ms)
        looks.types.append(counts)
    except Refused as reason:
        refused = str(reason)
    walk = _Walk(budget_ms, int(asked.get("most_objects", 120_000)))
    try:
        walk.run()
        looks.at.append(time.monotonic())
        looks.lengths.append(_lengths(walk))
        looks.namespaces = walk.namespaces
        grown = _lengthened(looks, walk)[:most]
        steady = _steady(looks, walk)
        looks.kept = [walk.parent[identity][0] for identity in (*grown, *steady)]
        holders = [_holder(walk, identity, looks) for identity in (*grown, *steady)]
        kinds = _grown_kinds(looks)
        instances = _instances(walk, [kind for _, _, kind in kinds[:_NAMED]])
        visited = len(walk.parent)
    finally:
        walk.forget()
    return {
        "look": len(looks.at),
        "at": looks.at,
        "holders": holders,
        "types": [{"type": name_of(kind), "counts": looks.counts(kind)} for _, _, kind in kinds],
        "instances": instances,
        "collector": gc.isenabled(),
        "garbage": len(gc.garbage),
        "total": total,
        "visited": visited,
        "cut": walk.cut,
        "refused": refused,
    }


def _lengths(walk: _Walk) -> dict[int, int]:
    lengths = {}
    for identity, (thing, _) in walk.parent.items():
        length = None if thing is None else _length(thing)
        if length is not None and identity not in walk.roots:
            lengths[identity] = length
    return lengths


def _lengthened(looks: _Looks, walk: _Walk) -> list[int]:
    """Return the identities of the containers that never shrank and have grown, the heaviest growth first."""
    if len(looks.lengths) < 2:
        return []
    first, last = looks.lengths[0], looks.lengths[-1]
    grown = ((last[key] - first[key], key) for key in last.keys() & first.keys() if last[key] > first[key])
    longest = heapq.nlargest(_WEIGHED, (each for each in grown if _never_fell(looks.series(each[1]))))
    return sorted((key for _, key in longest), key=lambda key: -_weight(walk, key, looks))


def _steady(looks: _Looks, walk: _Walk) -> list[int]:
    """Return the longest of the program's own containers that are as long as before: a cache that turns over is one."""
    if len(looks.lengths) < 2:
        return []
    first, last = looks.lengths[0], looks.lengths[-1]
    same = ((last[key], key) for key in walk.own if last.get(key, 0) >= _LONG and _keeps(first.get(key), last[key]))
    outer = (each for each in same if not _is_inside(walk, each[1], looks))
    return [key for _, key in heapq.nlargest(_WATCHED, outer)]


def _keeps(first: int | None, last: int) -> bool:
    """Say whether a length is what it was; one that is about to replace an item may be short of it for a moment."""
    return first is not None and 0 <= first - last <= 1 + last // 100


def _is_inside(walk: _Walk, identity: int, looks: _Looks) -> bool:
    """Say whether something is kept by a container that has grown."""
    above = walk.parent[identity][1]
    while above in walk.parent:
        series = looks.series(above)
        if series and series[-1] > series[0]:
            return True
        above = walk.parent[above][1]
    return False


def _never_fell(series: list[int]) -> bool:
    return bool(series) and all(a <= b for a, b in itertools.pairwise(series))


def _weight(walk: _Walk, identity: int, looks: _Looks) -> float:
    """Bytes by which a container has grown: its new items, and what each of them keeps."""
    series = looks.series(identity)
    thing = walk.parent[identity][0]
    if _is(thing, bytearray) or _is(thing, io.BytesIO):
        return series[-1] - series[0]
    return (series[-1] - series[0]) * _item_bytes(walk, thing, looks)


def _item_bytes(walk: _Walk, container: Any, looks: _Looks, items: int = 12) -> float:
    """Estimate what one more item keeps, from a few of the newest.

    What several items lead to is counted with the first of them, which is then left out; what is as near to a root as
    the container itself is kept by somebody else.
    """
    steps = walk.depth(id(container))
    seen = set(looks.namespaces | {id(container), id(sys.modules)})
    sizes = [_deep(each, seen, lambda thing: walk.is_within(id(thing), steps)) for each in _newest(container, items)]
    return sum(sizes[1:] or sizes) / len(sizes[1:] or sizes) + 8 if sizes else 8.0


def _newest(container: Any, items: int) -> list[Any]:
    """Return the last items of a container, the newest first; of a dictionary, pairs."""
    try:
        if _is(container, list):
            return list(list.__getitem__(container, slice(-items, None)))[::-1]
        if _is(container, dict):
            return list(itertools.islice(reversed(dict.items(container)), items))
    except RuntimeError:  # a finalizer that ran meanwhile has changed it
        return []
    return gc.get_referents(container)[: -items - 1 : -1]


def _is(thing: Any, base: type) -> bool:
    """Say whether a type is, or derives from, another; `isinstance` would ask the object itself."""
    return base in type.__dict__["__mro__"].__get__(type(thing))


def _deep(item: Any, seen: set[int], is_anothers: Callable[[Any], bool], most: int = 400) -> int:
    """Add up an item and what it leads to, as far as that is its own: no modules, no types, no code."""
    return sum(map(size_of, _leads_to(item, seen, is_anothers, most)))


def _leads_to(item: Any, seen: set[int], is_anothers: Callable[[Any], bool], most: int) -> Iterator[Any]:
    """Yield an item and what it leads to, the nearest first, and remember it as seen."""
    waiting, visited = deque((item,)), 0
    while waiting and visited < most:
        thing = waiting.popleft()
        kind = type(thing)
        if id(thing) in seen or kind in _ENDS or _is(thing, type(sys)):
            continue
        if thing is not item and (_is(thing, type) or is_anothers(thing)):
            continue
        seen.add(id(thing))
        visited += 1
        yield thing
        if kind is type(_deep):
            waiting.extend((thing.__closure__, thing.__defaults__))
        elif kind not in _ATOMS:
            children = gc.get_referents(thing)
            waiting.extend(children if len(children) <= _WIDE else _some(children))


def _holder(walk: _Walk, identity: int, looks: _Looks) -> Answer:
    """Describe a container and the way that leads to it."""
    chain = walk.chain(identity)
    newest = _newest(chain[-1], 1)
    item = newest[0] if newest else None
    if _is(chain[-1], dict) and item is not None:
        item = item[1]
    return {
        "path": _hops(walk, chain),
        "type": name_of(type(chain[-1])),
        "lengths": looks.series(identity),
        "item": name_of(type(item)) if newest else None,
        "item_bytes": _item_bytes(walk, chain[-1], looks),
        "grew_bytes": _weight(walk, identity, looks),
    }


def _allocated(asked: Answer) -> Answer:
    """Tell how long the containers that had grown at the last look are now, and which lines made their newest items."""
    items = int(asked.get("items", 12))
    kept = _State.looks.kept if _State.looks is not None else []
    return {"holders": [{"length": _length(each), "lines": _lines_of(each, items)} for each in kept]}


def _lines_of(container: Any, items: int) -> list[Answer]:
    if _Trace.tool != "tracemalloc":
        return []
    import _tracemalloc

    lines: Counter[Any] = Counter()
    seen = {id(container), id(sys.modules), *(id(_namespace(module)) for module in list(sys.modules.values()))}
    for item in _newest(container, items) if not _is(container, set) else _traced(container, items):
        for part in item if type(item) is tuple and _is(container, dict) else (item,):
            things = (part, *_leads_to(part, seen, lambda _: False, _NEAR))
            for frames in {_tracemalloc._get_object_traceback(thing) for thing in things}:
                if frames is not None:
                    lines[frames] += 1
    return [{"frames": list(map(list, frames)), "count": count} for frames, count in lines.most_common(_MAKERS)]


def _traced(container: Any, items: int) -> list[Any]:
    """Return items of a container without an order that were made in the window."""
    import _tracemalloc

    inside = gc.get_referents(container)
    some = inside[:: len(inside) // _ASKED + 1]
    made = (item for item in some if _tracemalloc._get_object_traceback(item) is not None)
    return list(itertools.islice(made, items))


def _hops(walk: _Walk, chain: list[Any]) -> list[Answer]:
    """Name each object on the way, and the attribute, key or variable by which the one before holds it."""
    kind, name = walk.roots[id(chain[0])]
    hops: list[Answer] = [{"kind": kind, "name": name, "type": name_of(type(chain[0])), "via": None, "length": None}]
    for above, thing in itertools.pairwise(chain):
        hops.append(
            {
                "kind": "type" if _is(thing, type) else "object",
                "name": name_of(thing) if _is(thing, type) else _called(thing),
                "type": name_of(type(thing)),
                "via": _via(above, thing),
                "length": _length(thing),
            }
        )
    return hops


def _called(thing: Any) -> str | None:
    """Return a function's name; null for what has none of its own."""
    code = getattr(thing, "__code__", None) if type(thing) is type(_called) else None
    return None if code is None else f"{code.co_name}"


def _via(above: Any, thing: Any) -> str | None:
    """Return the name under which a dictionary, or the dictionary of an object, holds something."""
    namespace = above if _is(above, dict) else _namespace(above)
    if not _is(namespace, dict) or dict.__len__(namespace) > 20_000:
        return None
    with contextlib.suppress(RuntimeError):  # a finalizer that ran meanwhile has changed it
        for key, value in list(dict.items(namespace)):  # a copy: other threads go on
            if value is thing:
                return key[:80] if type(key) is str else f"[{name_of(type(key))}]"
    return None


def _namespace(thing: Any) -> Any:
    """Return an object's own `__dict__` by the descriptor of its type, which is written in C; null without one."""
    for kind in type.__dict__["__mro__"].__get__(type(thing)):
        found = kind.__dict__.get("__dict__")
        if type(found) in (_GETSET, _MEMBER):
            with contextlib.suppress(Exception):
                return found.__get__(thing)
    return None


def _grown_kinds(looks: _Looks, most: int = 40) -> list[tuple[int, str, type]]:
    """Return the types whose numbers never fell and have grown, with by how many, most first."""
    if len(looks.types) < 2:
        return []
    series = ((kind, looks.counts(kind)) for kind in looks.types[-1])
    grown = ((counts[-1] - counts[0], name_of(kind), kind) for kind, counts in series if _never_fell(counts))
    return heapq.nlargest(most, (each for each in grown if each[0] > 0), key=lambda each: each[:2])


def _instances(walk: _Walk, kinds: list[type]) -> list[Answer]:
    """Tell the shortest way to an instance of each type; the way is null where no root leads to one."""
    wanted = {kind for kind in kinds if kind not in _MEASURES and kind not in _ATOMS}
    found: dict[type, int] = {}
    for identity, (thing, _) in walk.parent.items():
        if type(thing) in wanted:
            found.setdefault(type(thing), identity)
    told = []
    for kind in (each for each in kinds if each in wanted):
        chain = walk.chain(found[kind]) if kind in found else None
        told.append({"type": name_of(kind), "path": None if chain is None else _hops(walk, chain)})
    return told


# -- traced windows: which lines allocate what stays ------------------------------------------------------------------


_TRACES: Final = 20_000  # of more live allocations every second, third … is read


class _Trace:
    """One window in which allocations are traced; it ends with the conversation at the latest."""

    tool = ""
    tracker: Any = None
    deadline = 0.0
    most_bytes = 0
    theirs = False
    captures: Final[list[str]] = []


def _trace_start(asked: Answer) -> Answer:
    """Begin to trace, by memray where it is asked for and can be imported, else by tracemalloc."""
    if _Trace.tool:
        raise Refused("a window is open already")
    seconds = min(float(asked.get("seconds", 10.0)), 120.0)
    tool = str(asked.get("tool", "tracemalloc"))
    if tool == "memray":
        _memray_start(asked)
    else:
        import _tracemalloc as tracemalloc

        _Trace.theirs = tracemalloc.is_tracing()
        ways = _ways_around() if asked.get("around") else {}
        if not _Trace.theirs:
            tracemalloc.start(min(int(asked.get("frames", 12)), 32))
        with contextlib.suppress(Exception):
            _Detour.begin(ways)
    _Trace.tool, _Trace.deadline = tool, time.monotonic() + seconds
    _Trace.most_bytes = int(asked.get("most_bytes", 64 << 20))
    return {"tool": tool, "was_tracing": _Trace.theirs}


def _tracer_bytes() -> int:
    """Return what tracemalloc itself holds; of memray, which keeps its counts out of sight, the file so far."""
    if _Trace.tool != "tracemalloc":
        return os.stat(_Trace.captures[-1]).st_size if _Trace.captures else 0  # noqa: PTH116
    import _tracemalloc

    return int(_tracemalloc.get_tracemalloc_memory())


def _memray_start(asked: Answer) -> None:
    import memray

    path = str(asked["file"])
    if getattr(memray, "_last_tracker", None) is not None:
        raise Refused("memray is attached to this process already")
    if os.path.exists(path) or not path.startswith("/"):  # noqa: PTH110
        raise Refused("the capture needs a new file, by its whole path")
    tracker = memray.Tracker(
        destination=memray.FileDestination(path, compress_on_exit=False),
        native_traces=bool(asked.get("native", False)),
        trace_python_allocators=bool(asked.get("python", False)),
        file_format=memray.FileFormat.AGGREGATED_ALLOCATIONS,
    )
    _Trace.captures.append(path)
    ways = _ways_around()
    tracker.__enter__()
    _Trace.tracker = tracker
    with contextlib.suppress(Exception):
        _Detour.begin(ways)


def _remove_captures() -> None:
    """Remove the captures that whoever asked for them has not taken away: it was killed."""
    while _Trace.captures:
        path = _Trace.captures.pop()
        if os.path.basename(os.path.dirname(path)).startswith("leakdoc-sent-"):  # noqa: PTH119, PTH120
            _remove(os.path.dirname(path), os.path.basename(path), "lock")  # noqa: PTH119, PTH120


def _trace_look(asked: Answer) -> Answer:
    """Tell what was allocated since the window began and is there still, by the lines that led to it."""
    import _tracemalloc as tracemalloc

    if _Trace.tool != "tracemalloc":
        raise Refused("no window of tracemalloc is open; one ends early when its traces take more than they may")
    held = _tracer_bytes()
    most = int(asked.get("most", 300))
    sizes: dict[Any, list[int]] = {}
    traces = tracemalloc._get_traces()
    step = len(traces) // _TRACES + 1
    for _domain, size, frames, *_ in traces[::step]:
        kept = sizes.setdefault(frames, [0, 0])
        kept[0] += size * step
        kept[1] += step
    own = _look.__code__.co_filename
    ranked = sorted(sizes.items(), key=lambda each: -each[1][0])[: most * 2]
    records = [[list(map(list, frames)), *kept] for frames, kept in ranked if all(name != own for name, _ in frames)]
    return {"records": records[:most], "traced_bytes": tracemalloc.get_traced_memory()[0], "tracer_bytes": held}


def _trace_stop(asked: Answer) -> Answer:
    """End the window."""
    del asked
    tool, _Trace.tool = _Trace.tool, ""
    _Detour.end()
    if tool == "memray":
        tracker, _Trace.tracker = _Trace.tracker, None
        tracker.__exit__(None, None, None)
    elif tool and not _Trace.theirs:
        import _tracemalloc as tracemalloc

        tracemalloc.stop()
    return {"tool": tool}


def _forget_trace() -> None:
    """Let a child go on untraced: the window is its parent's. memray lets go of children by itself."""
    tool, _Trace.tool = _Trace.tool, ""
    _Trace.captures.clear()
    _Detour.end()
    if tool == "tracemalloc" and not _Trace.theirs:
        import _tracemalloc

        _tracemalloc.stop()


_AROUND: Final = {
    "malloc": "PyMem_RawMalloc",
    "calloc": "PyMem_RawCalloc",
    "realloc": "PyMem_RawRealloc",
    "free": "PyMem_RawFree",
}


def _ways_around() -> dict[int, int]:
    """Return Python's raw function for the address of each allocator's, where both are one and the same memory.

    Nothing where that is not known: with debug hooks, with an allocator of the program's own, or in a newer Python.
    """
    if "_ctypes" not in sys.modules or not (3, 11) <= sys.version_info[:2] <= (3, 14):
        return {}
    import ctypes

    def address(function: Any) -> int:
        return int(ctypes.cast(function, ctypes.c_void_p).value or 0)

    try:
        name = ctypes.pythonapi._PyMem_GetCurrentAllocatorName
        name.restype = ctypes.c_char_p
        if name() not in (b"pymalloc", b"malloc"):
            return {}
        linked = ctypes.CDLL(None)
        return {address(linked[here]): address(ctypes.pythonapi[raw]) for here, raw in _AROUND.items()}
    except (AttributeError, OSError):
        return {}


class _Detour:
    """For the while of a window, leads calls of the C library's allocator by ctypes through Python's raw one.

    ctypes calls a function by its address, past the linker's tables in which memray stands. Python's raw functions call
    the same ones by those tables, and do nothing else: what one of them gives, the other takes back.
    """

    taken: Final[list[tuple[Any, Any, int, int]]] = []  # a function object, the pointer in it, what it was, and is
    getitem: Any = None

    @classmethod
    def begin(cls, ways: dict[int, int]) -> None:
        """Redirect the functions that the program has looked up, and those that it will."""
        if not ways:
            return
        import ctypes

        original = ctypes.CDLL.__getitem__

        def looked_up(library: Any, name: Any) -> Any:
            function = original(library, name)
            with contextlib.suppress(Exception):
                cls._redirect(function, ways)
            return function

        cls.getitem = original, looked_up
        ctypes.CDLL.__getitem__ = looked_up  # type: ignore[method-assign]
        import _ctypes

        for function in _instances_of(_kinds_below(_ctypes.CFuncPtr)):
            cls._redirect(function, ways)

    @classmethod
    def _redirect(cls, function: Any, ways: dict[int, int]) -> None:
        import ctypes

        pointer = ctypes.c_void_p.from_address(ctypes.addressof(function))
        before = pointer.value or 0
        if before in ways:
            cls.taken.append((function, pointer, before, ways[before]))
            pointer.value = ways[before]

    @classmethod
    def end(cls) -> None:
        """Let all go their own way again."""
        hook, cls.getitem = cls.getitem, None
        if hook is not None:
            import ctypes

            if ctypes.CDLL.__getitem__ is hook[1]:
                ctypes.CDLL.__getitem__ = hook[0]  # type: ignore[method-assign]
        while cls.taken:
            _, pointer, before, ours = cls.taken.pop()
            if pointer.value == ours:
                pointer.value = before


def _can_trace(asked: Answer) -> Answer:
    """Say which memray can be imported here (it is found, not imported), and whether ctypes can be led around."""
    del asked
    import importlib.util

    found = importlib.util.find_spec("memray") if sys.platform != "win32" else None
    version = None
    if found is not None:
        from importlib.metadata import PackageNotFoundError
        from importlib.metadata import version as version_of

        with contextlib.suppress(PackageNotFoundError):
            version = version_of("memray")
    return {"memray": version, "around": bool(_ways_around())}


def _malloc_trim(asked: Answer) -> Answer:
    """Give free memory back to the system (malloc_trim(3)); a probe that is asked for, never done by itself."""
    del asked
    import ctypes

    return {"released": bool(ctypes.CDLL(None).malloc_trim(0))}


def _stop_asked(asked: Answer) -> Answer:
    """End an agent that was sent for a while; one that the program started itself stays."""
    del asked
    agent = _State.agent
    if agent is None or agent.deadline is None:
        raise Refused("the program started this agent itself")
    agent.deadline = 0.0
    return {"ends": True}


# -- connections: who opened them, and who holds them -----------------------------------------------------------------
#
# Sockets that Python connects are noted by the standard audit hook; drivers that connect in C, and pools, by an adapter
# each. What is noted is a place in the code, a time and a thread: never a value. Nothing here raises into the program.

Place = tuple[str, int, str]  # file, line, function
DEEPEST: Final = 60  # frames looked at for one that is the program's own
MOST_HELD: Final = 500  # holders told in one answer; the longest first
MOST_TASKS: Final = 2_000  # looked at for one answer, a microsecond or two each
UNKNOWN_PLACE: Final[Place] = ("?", 0, "?")
_OURS: Final = (__file__,)


# The inode, by which a later one with the same number is told; where; when. As long as a socket of Python's own has it,
# that is asked in place of the kernel, and the inode found when it is needed: a call of the system costs more than all
# the rest.
_Noted = tuple[int | None, Place, float, Callable[[], Any] | None]
_SOCKETS: Final[dict[int, _Noted]] = {}  # by descriptor: as many as the program ever has open at once
_IS_INSTALLED: Final[dict[str, bool]] = {}
_ASYNCIO: Final = os.path.join(os.path.dirname(os.__file__), "asyncio")  # noqa: PTH118, PTH120
_EVENT_LOOP: Final = os.path.join(_ASYNCIO, "base_events.py")  # noqa: PTH118 - whose `_run_once` runs every callback
_EVENTS: Final = os.path.join(_ASYNCIO, "events.py")  # noqa: PTH118 - by way of `Handle._run`
_LIBRARY_PARTS: Final = ("site-packages", "dist-packages", f"{os.sep}lib{os.sep}python3", "<frozen", "<string")


def _is_installed(file: str) -> bool:
    found = _IS_INSTALLED.get(file)
    if found is None:
        found = file in _OURS or any(part in file for part in _LIBRARY_PARTS)
        _IS_INSTALLED[file] = found
    return found


def _place() -> Place:
    """Return where the program's own code is, in this thread and task: its innermost frame that is no library's.

    A program that is itself installed has none: then it is the outermost frame that was installed. Whose a frame is is
    told by its module's file, and what a line belongs to is remembered: each look at a frame's code is an event that
    all audit hooks are called for.
    """
    frame, deep = sys._getframe(1), 0
    while frame is not None and deep < DEEPEST:
        file: Any = frame.f_globals.get("__file__")
        if file == _EVENTS:  # below the event loop is who started it, and not who asked
            below = frame.f_back
            if below is not None and below.f_globals.get("__file__") == _EVENT_LOOP:
                break
        elif _IS_INSTALLED.get(file) is not True:
            line = frame.f_lineno
            known = _KNOWN_PLACES.get((file, line))
            if known is not None:
                return known
            code = frame.f_code
            if not _is_installed(code.co_filename):
                return _known_place(file, (code.co_filename, line, code.co_qualname))
            if isinstance(file, str):
                _is_installed(file)
        frame, deep = frame.f_back, deep + 1  # type: ignore[assignment]
    return _PLACE_OF_TASK.get() or _installed_place() or UNKNOWN_PLACE


_KNOWN_PLACES: Final[dict[tuple[Any, int], Place]] = {}
MOST_KNOWN: Final = 10_000  # places in the code that connect: code that is made anew all the time is not kept


def _known_place(file: Any, place: Place) -> Place:
    """Remember what a line of a module belongs to; not where code comes from elsewhere than its module."""
    if file == place[0] and len(_KNOWN_PLACES) < MOST_KNOWN:
        _KNOWN_PLACES[file, place[1]] = place
    return place


def _installed_place() -> Place | None:
    """Return the outermost frame that was installed, above the event loop; null where there is none."""
    frame, deep, installed = sys._getframe(1), 0, None
    while frame is not None and deep < DEEPEST:
        code = frame.f_code
        if code.co_name == "_run_once":
            break
        if "-packages" in code.co_filename and code.co_filename not in _OURS:
            installed = code.co_filename, frame.f_lineno, code.co_qualname
        frame, deep = frame.f_back, deep + 1  # type: ignore[assignment]
    return installed


_PLACE_OF_TASK: Final[contextvars.ContextVar[Place | None]] = contextvars.ContextVar("leakdoc_place", default=None)


_monotonic: Final = time.monotonic


def _note(descriptor: int, place: Place | None = None) -> None:
    """Remember who opened what this descriptor is now."""
    if descriptor >= 0:
        _SOCKETS[descriptor] = os.fstat(descriptor).st_ino, place or _place(), time.monotonic(), None


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook (PEP 578): called for every event of the program, and so quick with those it does not want."""
    if event == "socket.connect":
        try:
            own = arguments[0]
            descriptor = own.fileno()
            if isinstance(own, _PythonSocket.kind) and descriptor >= 0:
                _SOCKETS[descriptor] = None, _place(), _monotonic(), weakref.ref(own)
            else:
                _note(descriptor)
        except Exception:
            pass


class _PythonSocket:
    """The class of Python's own sockets, once the module has been imported."""

    kind: type | tuple[()] = ()


def _let_go(own: Any, *_: Any) -> None:
    """A socket gives its descriptor away, as to TLS: from now on the inode tells it."""
    descriptor = own.fileno()
    noted = _SOCKETS.get(descriptor)
    if noted is not None and noted[3] is not None and noted[3]() is own:
        _SOCKETS[descriptor] = os.fstat(descriptor).st_ino, noted[1], noted[2], None


def _live_sockets() -> list[tuple[int, _Noted]]:
    """Return what is still open, each with its inode, and forget the rest."""
    found: list[tuple[int, _Noted]] = []
    for descriptor, noted in list(_SOCKETS.items()):
        inode = None
        with contextlib.suppress(OSError):
            inode = _inode_of(descriptor, noted)
        if inode is not None:
            found.append((descriptor, (inode, *noted[1:])))
        elif _SOCKETS.get(descriptor) is noted:
            del _SOCKETS[descriptor]
    return found


def _inode_of(descriptor: int, noted: _Noted) -> int | None:
    """Return the inode of what is noted; null where it is not open any more, and the descriptor somebody else's."""
    inode, _, _, own = noted
    found = os.fstat(descriptor).st_ino
    if own is None:
        return found if found == inode else None
    there = own()
    return found if there is not None and there.fileno() == descriptor else None


class _Held:
    """One connection that is checked out; some are opened only when they are first used, and have an inode then."""

    __slots__ = ("at", "connection", "inode", "place", "thread")

    def __init__(self, place: Place, inode: int | None, *, at: float | None = None, thread: int | None = None) -> None:
        self.at = time.monotonic() if at is None else at
        self.place = place
        self.inode = inode
        self.thread = _original("_thread", "get_ident")() if thread is None else thread
        self.connection: Callable[[], Any] | None = None


class _Pool:
    """What is counted of one pool, by its adapter's wraps of checkout and return."""

    def __init__(self, adapter: Adapter, pool: Any) -> None:
        self.size: float | None = None
        self.name = type(pool).__name__
        with contextlib.suppress(Exception):
            self.size, self.name = adapter.size(pool)
        self.pool: Callable[[], Any] = lambda: None
        self.is_weak = True
        try:
            self.pool = weakref.ref(pool)
        except TypeError:  # a class with slots and none for this; it is not kept alive by us, and known by its id alone
            self.is_weak = False
        self.held: dict[int, _Held] = {}
        self.waits: dict[int, tuple[float, Place]] = {}
        self.checkouts = self.checkins = 0
        self.held_s = 0.0

    def took(self, connection: Any, place: Place, inode: int | None) -> None:
        self.checkouts += 1
        held = self.held[id(connection)] = _Held(place, inode)
        if inode is None:
            with contextlib.suppress(TypeError):
                held.connection = weakref.ref(connection)

    def learn(self, adapter: Adapter) -> None:
        """Find the inodes of those that were opened after they were taken."""
        for each in list(self.held.values()):
            if each.inode is None and each.connection is not None and (connection := each.connection()) is not None:
                each.inode = adapter._inode(connection)

    def gave_back(self, connection: Any) -> None:
        held = self.held.pop(id(connection), None)
        if held is not None:
            self.checkins += 1
            self.held_s += time.monotonic() - held.at


class Adapter:
    """What knows one client library: it wraps what opens, checks out and returns, once the library is imported.

    Args:
        name: the library, as a person calls it.
        module: the module whose import it waits for.
    """

    name = ""
    module = ""

    def __init__(self) -> None:
        self.pools: dict[int, _Pool] = {}

    def install(self, module: Any) -> None:
        """Begin to note; called once, when its module has been imported."""

    def size(self, pool: Any) -> tuple[float | None, str]:
        """Return the most connections that a pool may hand out, null where it has no end, and its name."""
        return None, type(pool).__name__

    def descriptor(self, connection: Any) -> int:
        """Return a connection's descriptor; -1 where it has none."""
        return int(connection.fileno())

    def report(self) -> list[Answer]:
        """Say how each pool stands now."""
        now, found = time.monotonic(), []
        for key, noted in list(self.pools.items()):
            if noted.is_weak and noted.pool() is None:
                self.pools.pop(key, None)
            else:
                noted.learn(self)
                found.append(_pool_answer(noted, now))
        return found

    def _noted(self, pool: Any) -> _Pool:
        noted = self.pools.get(id(pool))
        if noted is None or (noted.is_weak and noted.pool() is not pool):
            noted = self.pools[id(pool)] = _Pool(self, pool)
        return noted

    def _inode(self, connection: Any) -> int | None:
        with contextlib.suppress(Exception):
            return os.fstat(self.descriptor(connection)).st_ino
        return None

    def opens(self, owner: Any, name: str, *, is_async: bool = False) -> None:
        """Wrap what returns a new connection: the place that called it is noted for its descriptor."""

        def after(result: Any, place: Place) -> None:
            _note(self.descriptor(result), place)

        _wrap(owner, name, lambda *_: _place(), after, is_async=is_async)

    def checks_out(self, owner: Any, name: str, *, is_async: bool = False) -> None:
        """Wrap a pool's checkout: who waits for it, and who holds what it gave."""

        def before(pool: Any, *_: Any) -> tuple[_Pool, Place, int]:
            noted, place = self._noted(pool), _place()
            token = next(_TOKENS)
            noted.waits[token] = time.monotonic(), place
            return noted, place, token

        def after(result: Any, begun: tuple[_Pool, Place, int]) -> None:
            noted, place, token = begun
            noted.waits.pop(token, None)
            if result is not None:
                noted.took(result, place, self._inode(result))

        _wrap(owner, name, before, after, is_async=is_async)

    def returns(self, owner: Any, name: str, *, is_async: bool = False) -> None:
        """Wrap a pool's return, whose first argument is the connection."""

        def before(pool: Any, *arguments: Any) -> None:
            if arguments:
                self._noted(pool).gave_back(arguments[0])

        _wrap(owner, name, before, lambda *_: None, is_async=is_async)


_TOKENS: Final = itertools.count()


def _wrap(owner: Any, name: str, before: Any, after: Any, *, is_async: bool = False) -> None:
    """Put `before` and `after` around a function of a class or module; what they raise stays with them.

    `after` is called with null when the function raised. An owner that lacks the function is left as it is.
    """
    static = vars(owner).get(name)
    if static is None:
        return
    whole = static.__func__ if isinstance(static, classmethod | staticmethod) else static

    def begun(arguments: tuple[Any, ...]) -> Any:
        try:
            return before(*arguments)
        except Exception:
            return None

    def done(result: Any, state: Any) -> None:
        if state is not None:
            with contextlib.suppress(Exception):
                after(result, state)

    @functools.wraps(whole)
    def plain(*arguments: Any, **named: Any) -> Any:
        state, result = begun(arguments), None
        try:
            result = whole(*arguments, **named)
            return result
        finally:
            done(result, state)

    @functools.wraps(whole)
    async def awaited(*arguments: Any, **named: Any) -> Any:
        state, result = begun(arguments), None
        token = _PLACE_OF_TASK.set(_place())
        try:
            result = await whole(*arguments, **named)
            return result
        finally:
            with contextlib.suppress(ValueError):
                _PLACE_OF_TASK.reset(token)
            done(result, state)

    wrapped: Any = awaited if is_async else plain
    kind = type(static) if isinstance(static, classmethod | staticmethod) else None
    setattr(owner, name, wrapped if kind is None else kind(wrapped))


def _pool_answer(noted: _Pool, now: float) -> Answer:
    held = sorted(noted.held.values(), key=lambda each: each.at)
    waits = list(noted.waits.values())
    return {
        "pool": str(noted.name)[:80],
        "size": noted.size,
        "in_use": len(held),
        "waiting": len(waits),
        "wait_max_s": max((now - at for at, _ in waits), default=None),
        "waiting_at": _at_places(place for _, place in waits),
        "checkouts": noted.checkouts,
        "checkins": noted.checkins,
        "held_seconds": noted.held_s,
        "held": [_held_answer(each, now) for each in held[:MOST_HELD]],
    }


def _held_answer(held: _Held, now: float) -> Answer:
    file, line, function = held.place
    return {
        "held_s": now - held.at,
        "file": file,
        "line": line,
        "function": function,
        "inode": held.inode,
        "thread": _thread_name(held.thread),
    }


def _thread_name(ident: int) -> str:
    threading = sys.modules.get("threading")
    thread = threading._active.get(ident) if threading is not None else None
    return str(getattr(thread, "name", ""))[:80]


def _at_places(places: Iterator[Place]) -> list[Answer]:
    most = Counter(places).most_common(20)
    return [{"file": file, "line": line, "function": name, "count": count} for (file, line, name), count in most]


class _Sockets(Adapter):
    """Python's own sockets are heard of by the audit hook; what gives a descriptor away is not."""

    name, module = "socket", "socket"

    def install(self, module: Any) -> None:
        _PythonSocket.kind = module.socket
        _wrap(module.socket, "detach", _let_go, lambda *_: None)


class _Psycopg(Adapter):
    """psycopg 3 connects in C."""

    name, module = "psycopg", "psycopg"

    def install(self, module: Any) -> None:
        self.opens(module.Connection, "connect")
        self.opens(module.AsyncConnection, "connect", is_async=True)
        module.connect = module.Connection.connect


class _PsycopgPool(Adapter):
    name, module = "psycopg_pool", "psycopg_pool"

    def install(self, module: Any) -> None:
        for kind, is_async in ((module.ConnectionPool, False), (module.AsyncConnectionPool, True)):
            self.checks_out(kind, "getconn", is_async=is_async)
            self.returns(kind, "putconn", is_async=is_async)

    def size(self, pool: Any) -> tuple[float | None, str]:
        return float(pool.max_size), pool.name


class _Asyncpg(Adapter):
    name, module = "asyncpg", "asyncpg.pool"

    def install(self, module: Any) -> None:
        _wrap(module.Pool, "_async__init__", lambda *_: None, lambda *_: None, is_async=True)
        self.checks_out(module.Pool, "_acquire", is_async=True)
        self.returns(module.Pool, "release", is_async=True)

    def size(self, pool: Any) -> tuple[float | None, str]:
        return float(pool.get_max_size()), "asyncpg.Pool"

    def descriptor(self, connection: Any) -> int:
        return int(connection._con._transport.get_extra_info("socket").fileno())


class _SqlAlchemy(Adapter):
    name, module = "sqlalchemy", "sqlalchemy.pool.impl"

    def install(self, module: Any) -> None:
        for kind in ("QueuePool", "SingletonThreadPool", "StaticPool", "AssertionPool"):
            if hasattr(module, kind):
                self.checks_out(getattr(module, kind), "_do_get")
                self.returns(getattr(module, kind), "_do_return_conn")

    def size(self, pool: Any) -> tuple[float | None, str]:
        overflow = pool._max_overflow
        return (None if overflow < 0 else float(pool.size() + overflow)), type(pool).__name__

    def descriptor(self, connection: Any) -> int:
        return _descriptor_of(connection.dbapi_connection)


def _descriptor_of(connection: Any) -> int:
    """Return the descriptor of a driver's connection, whichever the driver: each keeps its socket in its own place.

    Raises:
        AttributeError: it is no driver's that we know.
    """
    driver = getattr(connection, "driver_connection", connection)  # what SQLAlchemy puts around one of asyncio
    if hasattr(driver, "get_extra_info"):
        return int(driver.get_extra_info("socket").fileno())
    for place in ("", "_sock", "_socket.sock", "_transport", "_writer.transport", "_con._transport"):
        with contextlib.suppress(AttributeError, TypeError):
            found = functools.reduce(getattr, filter(None, place.split(".")), driver)
            end = found.get_extra_info("socket") if hasattr(found, "get_extra_info") else found
            return int(end.fileno())
    raise AttributeError(type(driver).__name__)


class _SqlAlchemyAsync(Adapter):
    """SQLAlchemy runs what asyncio calls in greenlets of its own: the place that asked is handed on to them."""

    name, module = "sqlalchemy", "sqlalchemy.util.concurrency"

    def install(self, module: Any) -> None:
        _wrap(module, "greenlet_spawn", lambda *_: None, lambda *_: None, is_async=True)


class _SqlAlchemyAsync20(_SqlAlchemyAsync):
    module = "sqlalchemy.util._concurrency_py3k"


class _Redis(Adapter):
    name, module = "redis", "redis.connection"
    is_async = False

    def install(self, module: Any) -> None:
        for kind in ("ConnectionPool", "BlockingConnectionPool"):
            self.checks_out(getattr(module, kind), "get_connection", is_async=self.is_async)
            self.returns(getattr(module, kind), "release", is_async=self.is_async)

    def size(self, pool: Any) -> tuple[float | None, str]:
        return (float(pool.max_connections) if pool.max_connections < 2**20 else None), type(pool).__name__

    def descriptor(self, connection: Any) -> int:
        return int(connection._sock.fileno())


class _Aiohttp(Adapter):
    """aiohttp opens in tasks of its own: the place that asked is handed on to them."""

    name, module = "aiohttp", "aiohttp.client"

    def install(self, module: Any) -> None:
        _wrap(module.ClientSession, "_request", lambda *_: None, lambda *_: None, is_async=True)
        connector = sys.modules["aiohttp.connector"].BaseConnector
        self.checks_out(connector, "connect", is_async=True)
        self.returns(connector, "_release_from_connection")
        _wrap(connector, "_release", self._released, lambda *_: None)

    def _released(self, connector: Any, key: Any, protocol: Any, *_: Any) -> None:
        del key
        noted = self._noted(connector)
        for number, held in list(noted.held.items()):
            if held.inode == self._inode_of(protocol):
                noted.checkins += 1
                noted.held_s += time.monotonic() - held.at
                noted.held.pop(number, None)

    def _inode_of(self, protocol: Any) -> int | None:
        with contextlib.suppress(Exception):
            return os.fstat(protocol.transport.get_extra_info("socket").fileno()).st_ino
        return None

    def size(self, pool: Any) -> tuple[float | None, str]:
        return (float(pool.limit) if pool.limit else None), type(pool).__name__

    def descriptor(self, connection: Any) -> int:
        return int(connection.transport.get_extra_info("socket").fileno())


class _Psycopg2(Adapter):
    """psycopg2 connects in C; its pool does not wait."""

    name, module = "psycopg2", "psycopg2"

    def install(self, module: Any) -> None:
        self.opens(module, "connect")


class _Psycopg2Pool(Adapter):
    name, module = "psycopg2.pool", "psycopg2.pool"

    def install(self, module: Any) -> None:
        for kind in (module.SimpleConnectionPool, module.ThreadedConnectionPool):
            for name, wrap in (("getconn", self.checks_out), ("putconn", self.returns)):
                if name in vars(kind):
                    wrap(kind, name)

    def size(self, pool: Any) -> tuple[float | None, str]:
        return float(pool.maxconn), type(pool).__name__


class _Urllib3(Adapter):
    name, module = "urllib3", "urllib3.connectionpool"

    def install(self, module: Any) -> None:
        self.checks_out(module.HTTPConnectionPool, "_get_conn")
        self.returns(module.HTTPConnectionPool, "_put_conn")

    def size(self, pool: Any) -> tuple[float | None, str]:
        return (float(pool.pool.maxsize) if pool.block and pool.pool is not None else None), type(pool).__name__

    def descriptor(self, connection: Any) -> int:
        return int(connection.sock.fileno())


class _Httpx(Adapter):
    """httpx asks httpcore, which opens by Python's own sockets; its pool keeps a list of who waits and who holds."""

    name, module = "httpx", "httpcore._sync.connection_pool"
    kinds = ("ConnectionPool", "PoolRequest")

    def install(self, module: Any) -> None:
        pool, request = (getattr(module, kind) for kind in self.kinds)
        _wrap(pool, "__init__", lambda made, *_, **__: made, lambda _, made: self._noted(made))
        _wrap(request, "__init__", lambda made, *_: (made, _place()), self._asked)
        _wrap(request, "assign_to_connection", lambda made, *_: made, self._given)

    def _asked(self, _: Any, begun: tuple[Any, Place]) -> None:
        request, place = begun
        request._leakdoc = time.monotonic(), place, _original("_thread", "get_ident")()

    def _given(self, _: Any, request: Any) -> None:
        _, place, thread = request._leakdoc
        request._leakdoc = time.monotonic(), place, thread

    def report(self) -> list[Answer]:
        """As `Adapter.report`, from the pools' own lists."""
        for noted in list(self.pools.values()):
            pool = noted.pool()
            requests = [] if pool is None else [each for each in list(pool._requests) if hasattr(each, "_leakdoc")]
            noted.waits = {id(each): each._leakdoc[:2] for each in requests if each.is_queued()}
            noted.held = {id(each): self._held(each) for each in requests if not each.is_queued()}
        return super().report()

    def _held(self, request: Any) -> _Held:
        at, place, thread = request._leakdoc
        return _Held(place, self._inode(request.connection), at=at, thread=thread)

    def size(self, pool: Any) -> tuple[float | None, str]:
        return float(pool._max_connections) if pool._max_connections < 2**20 else None, type(pool).__name__

    def descriptor(self, connection: Any) -> int:
        stream = connection._connection._network_stream
        return int(stream.get_extra_info("socket").fileno())


class _HttpxAsync(_Httpx):
    name, module = "httpx", "httpcore._async.connection_pool"
    kinds = ("AsyncConnectionPool", "AsyncPoolRequest")


class _RedisAsync(_Redis):
    name, module = "redis", "redis.asyncio.connection"
    is_async = True

    def descriptor(self, connection: Any) -> int:
        return int(connection._writer.transport.get_extra_info("socket").fileno())


class _Aiomysql(Adapter):
    name, module = "aiomysql", "aiomysql.pool"

    def install(self, module: Any) -> None:
        self.checks_out(module.Pool, "_acquire", is_async=True)
        self.returns(module.Pool, "release")

    def size(self, pool: Any) -> tuple[float | None, str]:
        return float(pool.maxsize), "aiomysql.Pool"

    def descriptor(self, connection: Any) -> int:
        return int(connection._writer.transport.get_extra_info("socket").fileno())


class _Uvloop(Adapter):
    """uvloop connects without Python, in C."""

    name, module = "uvloop", "uvloop"

    def install(self, module: Any) -> None:
        for name in ("create_connection", "create_unix_connection"):
            inherited = getattr(module.Loop, name)

            async def connecting(*arguments: Any, _connect: Any = inherited, **named: Any) -> Any:
                return await _connect(*arguments, **named)

            setattr(module.Loop, name, functools.update_wrapper(connecting, inherited))
            self.opens(module.Loop, name, is_async=True)

    def descriptor(self, connection: Any) -> int:
        return int(connection[0].get_extra_info("socket").fileno())


class _Grpc(Adapter):
    """gRPC opens in threads of its own, when a channel is first used: sockets are matched to channels by their port."""

    name, module = "grpc", "grpc"

    def __init__(self) -> None:
        super().__init__()
        self.channels: dict[int, tuple[Callable[[], Any], int, Place]] = {}

    def install(self, module: Any) -> None:
        for owner in (module, sys.modules.get("grpc.aio")):
            for name in ("insecure_channel", "secure_channel"):
                if owner is not None:
                    _wrap(owner, name, lambda target, *_: (str(target), _place()), self._made)
        channel = sys.modules.get("grpc._channel")
        if channel is not None:
            _wrap(channel.Channel, "_close", lambda closed, *_: self.channels.pop(id(closed), None), lambda *_: None)

    def _made(self, channel: Any, begun: tuple[str, Place]) -> None:
        target, place = begun
        port = target.rpartition(":")[2]
        if channel is not None and port.isdigit():
            self.channels[id(channel)] = weakref.ref(channel), int(port), place

    def opened(self, known: set[int]) -> Iterator[tuple[int, Place]]:
        """Yield the inode of each socket that nobody noted and that goes to a channel's port, with a channel's place.

        Which of several channels has which socket is not told by gRPC: the oldest has the first.
        """
        alive = {key: each for key, each in list(self.channels.items()) if each[0]() is not None}
        self.channels = alive
        waiting: dict[int, deque[Place]] = {}
        for _, port, place in alive.values():
            waiting.setdefault(port, deque()).append(place)
        for inode, port in sorted(_unnoted(known)) if alive else ():
            if waiting.get(port):
                yield inode, waiting[port].popleft()


def _unnoted(known: set[int]) -> Iterator[tuple[int, int]]:
    """Yield the inode and the peer's port of each connection that nobody noted."""
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        with contextlib.suppress(OSError, ValueError):
            found = os.fstat(int(name))
            if not stat.S_ISSOCK(found.st_mode) or found.st_ino in known:
                continue
            duplicate = _socket.socket(fileno=os.dup(int(name)))
            try:
                end = duplicate.getpeername()
                if isinstance(end, tuple):
                    yield found.st_ino, end[1]
            finally:
                duplicate.close()


_GRPC: Final = _Grpc()
ADAPTERS: Final[list[Adapter]] = [
    _Sockets(), _Psycopg(), _PsycopgPool(), _Psycopg2(), _Psycopg2Pool(), _Asyncpg(), _Aiomysql(), _SqlAlchemyAsync(),
    _SqlAlchemyAsync20(), _SqlAlchemy(), _Redis(), _RedisAsync(), _Aiohttp(), _Urllib3(), _Httpx(), _HttpxAsync(),
    _Uvloop(), _GRPC,
]  # fmt: skip


class _Importing:
    """Stands first among the finders, and lets an adapter begin once its module has been executed (PEP 451)."""

    def __init__(self, wanted: dict[str, Adapter]) -> None:
        self._wanted = wanted

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find a module that an adapter waits for as everybody finds it, with its loader wrapped; no other."""
        if name not in self._wanted:
            return None
        others = [each for each in sys.meta_path if not isinstance(each, _Importing) and hasattr(each, "find_spec")]
        spec = next((spec for each in others if (spec := each.find_spec(name, path, target)) is not None), None)
        if spec is not None and spec.loader is not None and hasattr(spec.loader, "exec_module"):
            adapter = self._wanted[name]
            executed = spec.loader.exec_module

            def exec_module(module: Any) -> None:
                executed(module)
                _install(adapter, module)

            with contextlib.suppress(AttributeError):
                spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _install(adapter: Adapter, module: Any) -> None:
    with contextlib.suppress(Exception):
        adapter.install(module)


def _note_connections() -> None:
    """Begin to note, once in a process, however many agents are started in it."""
    if hasattr(sys, "_leakdoc_connections"):
        return
    sys._leakdoc_connections = _connections_here  # type: ignore[attr-defined]
    wanted = {}
    for adapter in ADAPTERS:
        module = sys.modules.get(adapter.module)
        if module is not None:
            _install(adapter, module)
        else:
            wanted[adapter.module] = adapter
    sys.meta_path.insert(0, _Importing(wanted))
    sys.addaudithook(_hear)


def _tasks() -> list[Any] | None:
    """Return the asyncio tasks that have not ended; null where that cannot be told, or asyncio is not in use."""
    module = sys.modules.get("asyncio.tasks")
    if module is None:
        return None
    for _ in range(5):  # the sets may change while they are walked
        with contextlib.suppress(RuntimeError):
            sets = (getattr(module, name, ()) for name in ("_all_tasks", "_scheduled_tasks", "_eager_tasks"))
            return list({id(task): task for each in sets for task in list(each) if not task.done()}.values())
    return None


def _tasks_at(tasks: list[Any]) -> list[Answer]:
    """Say where tasks wait; of very many only some are looked at, and count for the rest."""
    looked = tasks[:: 1 + len(tasks) // MOST_TASKS]
    found = _at_places(_place_of_task(task) for task in looked)
    return [each | {"count": round(each["count"] * len(tasks) / len(looked))} for each in found]


def _place_of_task(task: Any) -> Place:
    """Return the program's own code that a task is in: the innermost, or what it was made of where none is its own."""
    place, awaited, deep = UNKNOWN_PLACE, None, 0
    with contextlib.suppress(Exception):
        awaited = task.get_coro()
        while awaited is not None and deep < DEEPEST:
            frame = getattr(awaited, "cr_frame", None)
            if frame is not None:
                code = frame.f_code
                if place is UNKNOWN_PLACE or not _is_installed(code.co_filename):
                    place = code.co_filename, frame.f_lineno, code.co_qualname
            awaited, deep = getattr(awaited, "cr_await", None), deep + 1
    return place


def _connections(asked: Answer) -> Answer:
    """Ask whoever notes connections in this process: another copy of this file may have been there first."""
    del asked
    here: Callable[[], Answer] = getattr(sys, "_leakdoc_connections", _connections_here)
    return here()


def _connections_here() -> Answer:
    """Where what is open was opened, how the pools stand, and how many tasks there are."""
    places: dict[Place, list[int]] = {}
    for _, (inode, place, _, _) in _live_sockets():
        places.setdefault(place, []).append(inode or 0)
    for inode, place in _GRPC.opened({inode for inodes in places.values() for inode in inodes}):
        places.setdefault(place, []).append(inode)
    opened = [
        {"file": file, "line": line, "function": function, "inodes": inodes}
        for (file, line, function), inodes in places.items()
    ]
    pools = [answer | {"adapter": adapter.name} for adapter in ADAPTERS for answer in adapter.report()]
    tasks = _tasks()
    told = {"tasks": None} if tasks is None else {"tasks": len(tasks), "tasks_at": _tasks_at(tasks)}
    return {"opened": opened, "pools": pools, **told}


# -- what keeps connections open: the way from a root to each object that holds one ------------------------------------

_DRIVERS: Final = (
    ("psycopg", "Connection"), ("psycopg", "AsyncConnection"), ("psycopg2.extensions", "connection"),
    ("uvloop.loop", "TCPTransport"), ("uvloop.loop", "UnixTransport"),
)  # fmt: skip
_ALIKE: Final = 12  # ways told; those of the items of one container are one


class _WideWalk(_Walk):
    """Follows the items of long containers, too, each of which may be a connection; and what a loop knows, last."""

    wide = 20_000

    def __init__(self, budget_ms: float, most: int) -> None:
        super().__init__(budget_ms, most)
        self.selectors: list[Any] = []
        self._selector = getattr(sys.modules.get("selectors"), "BaseSelector", None)

    def _layers(self) -> Iterator[list[tuple[Any, int]]]:
        yield from super()._layers()
        selectors, self._selector = self.selectors, None
        yield [(child, id(each)) for each in selectors for child in super(_WideWalk, self)._children(each)]

    def _children(self, thing: Any) -> Iterator[tuple[Any, int]]:
        if self._selector is not None and _is(thing, self._selector):
            self.selectors.append(thing)
        else:
            yield from super()._children(thing)


def _connection_objects(asked: Answer) -> Answer:
    """Tell what keeps each connection alive, alike ways together, the most frequent first."""
    walk = _WideWalk(float(asked.get("budget_ms", 250.0)), int(asked.get("most_objects", 300_000)))
    ways: dict[Any, tuple[int, list[int]]] = {}
    try:
        walk.run()
        for identity, inode in _connections_reached(walk):
            ways.setdefault(_kind_of_way(walk, identity), (identity, []))[1].append(inode)
        most = heapq.nlargest(_ALIKE, ways.values(), key=lambda way: len(way[1]))
        kept = [
            {"type": name_of(type(walk.parent[first][0])), "path": _hops(walk, walk.chain(first)), "inodes": inodes}
            for first, inodes in most
        ]
        visited = len(walk.parent)
    finally:
        walk.forget()
        ways.clear()
    return {"kept": kept, "ways": len(kept), "visited": visited, "cut": walk.cut}


def _connections_reached(walk: _Walk) -> Iterator[tuple[int, int]]:
    """Yield the objects that hold a connection, with its inode; each connection once."""
    modules = [(sys.modules[module], name) for module, name in _DRIVERS if module in sys.modules]
    drivers = [vars(module)[name] for module, name in modules if name in vars(module)]
    told: set[int] = set()
    for identity, (thing, _) in list(walk.parent.items()):
        inode = None
        with contextlib.suppress(Exception):
            if _is(thing, _socket.socket):
                inode = os.fstat(_socket.socket.fileno(thing)).st_ino
            elif any(_is(thing, kind) for kind in drivers):
                inode = os.fstat(_descriptor_of(thing)).st_ino
        if inode is not None and inode not in told:
            told.add(inode)
            yield identity, inode


def _kind_of_way(walk: _Walk, identity: int) -> Any:
    """Return what ways have in common that lead through the same longest container to objects of the same types."""
    chain = walk.chain(identity)
    lengths = [_length(thing) or 0 for thing in chain[:-1]] or [0]
    for place, (above, thing) in enumerate(itertools.pairwise(chain[:-1]), 1):
        if lengths[place] and _is(thing, dict) and not _is(above, dict) and _namespace(above) is thing:
            lengths[place] = 0  # the names of an object's attributes
    longest = lengths.index(max(lengths))
    return tuple(map(id, chain[: longest + 1])), tuple(map(type, chain[longest + 1 :]))


# -- the table of questions -------------------------------------------------------------------------------------------

REQUESTS: Final[dict[str, Request]] = {
    "connections": _connections,
    "connection_objects": _connection_objects,
    "allocated": _allocated,
    "can_trace": _can_trace,
    "heap": _heap,
    "hello": _hello,
    "look": _look,
    "malloc_trim": _malloc_trim,
    "stop": _stop_asked,
    "trace_look": _trace_look,
    "trace_start": _trace_start,
    "trace_stop": _trace_stop,
    "types": _types,
}
