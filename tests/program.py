"""Programs and servers that no test waits for without an end, and that leave nothing behind.

What is killed may leave a child that holds its pipes: who then reads them to their end waits for as long as that lives.
So a program has a session of its own, in which all that it started is ended with it, and every wait here has an end.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, AnyStr, Self

PATIENCE_S = 60.0  # until a wait is given up
SILENT_S = 60.0  # until one that says nothing is ended
ASKED_S = 30.0  # until one that was asked to end is ended


class Program(subprocess.Popen[AnyStr]):
    """`subprocess.Popen`, whose waits all end; when a test leaves it by a failure, it is ended at once."""

    def __init__(self, *words: Any, **settings: Any) -> None:
        super().__init__(*words, **{**settings, "start_new_session": True})

    def wait(self, timeout: float | None = PATIENCE_S) -> int:
        return super().wait(timeout)

    def communicate(self, input: Any = None, timeout: float | None = PATIENCE_S) -> tuple[Any, Any]:
        return super().communicate(input, timeout)

    def line(self, stream: IO[AnyStr] | None = None, *, most: int = -1) -> AnyStr:
        """Return its next line, of standard output if no other is named; a silent one is ended, and has none."""
        with self._listened_to():
            return (stream or self.stdout).readline(most)

    def rest(self, stream: IO[AnyStr] | None = None) -> AnyStr:
        """Return all that it has still to say; one that does not come to an end is ended."""
        with self._listened_to():
            return (stream or self.stdout).read()

    @contextmanager
    def _listened_to(self) -> Iterator[None]:
        silent = threading.Timer(SILENT_S, self.kill_all)
        silent.start()
        try:
            yield
        finally:
            silent.cancel()
            joined(silent)

    def kill_all(self) -> None:
        """Kill it and all that it started, but for what has a session of its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end; where it does not, end it, and in any case what it leaves behind."""
        was_there = self.returncode is None  # then its number is its own, or was until a moment ago
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(ASKED_S)
        if was_there:
            self.kill_all()
        self._let_go()

    def end(self) -> None:
        """Kill it and all that it started, and be done with it, whatever it had still to say."""
        if self.returncode is None:
            self.kill_all()
        self._let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        try:
            if failure is None:
                self._let_go()
        finally:
            self.end()

    def _let_go(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self.wait()


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[threading.Thread]:
    """Let a server answer beside the test; after it, it answers no more and its port is free."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stopping = threading.Thread(target=server.shutdown, daemon=True)  # which waits for whoever serves
        stopping.start()
        joined(stopping, thread)
        server.server_close()


def joined(*threads: threading.Thread) -> None:
    """Wait until threads have ended; one that does not within a minute fails the test."""
    for each in threads:
        each.join(PATIENCE_S)
        assert not each.is_alive(), f"{each.name} did not end within {PATIENCE_S:.0f} s"
