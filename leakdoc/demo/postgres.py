"""A real PostgreSQL of the demo's own, on a TCP port of 127.0.0.1, gone without a trace when the demo ends."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from leakdoc.demo.keeper import LOG
from leakdoc.demo.lifeline import end, start_module
from leakdoc.demo.postgres_install import borrowed_account, programs, reachable
from leakdoc.demo.settings import HOST
from leakdoc.errors import LeakdocError
from leakdoc.redact import inert

_USER: Final = "postgres"
_ATTEMPTS: Final = 5  # somebody may take the free port between our look and PostgreSQL's bind
_READY_WITHIN_S: Final = 30.0
_RUN_WITHIN_S: Final = 120.0  # initdb writes 40 MB; pg_ctl itself gives up after 60 s
_POLL_S: Final = 0.01
_STATUS_LINE: Final = 7  # of postmaster.pid, counted from 0: "ready" once connections are accepted
_SETTINGS: Final = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "400",  # a minute of the leaky build holds about 160
    "shared_buffers": "16MB",
    "fsync": "off",  # the data live as long as the demo
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class EmbeddedPostgres:
    """A context manager: PostgreSQL runs inside, and has ended, its directory removed, outside.

    A server that we leave behind is ended by its keeper, even after SIGKILL. The password is drawn anew each time:
    whoever may talk to a superuser of PostgreSQL may run programs as its account.

    Raises:
        MissingDependency: the extra ``leakdoc[demo]`` is not installed.
        LeakdocError: PostgreSQL does not start here; the end of its log is in the message.
    """

    def __init__(self) -> None:
        self.port = 0
        self._password = secrets.token_urlsafe(16)
        self._keeper: subprocess.Popen[str] | None = None

    @property
    def dsn(self) -> str:
        """What psycopg connects with. It carries the password: pass it by environment, never on a command line."""
        options = "sslmode=disable&gssencmode=disable"
        return f"postgresql://{_USER}:{self._password}@{HOST}:{self.port}/{_USER}?{options}"

    def __enter__(self) -> Self:
        found = programs()
        self._account = borrowed_account()
        self._directory = Path(tempfile.mkdtemp(prefix="leakdoc-demo-"))
        try:
            self._programs = reachable(found, self._account, copy_to=self._directory / "programs")
            self._initialize()
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server at once and remove its directory; a second call does nothing."""
        if self._keeper is not None:
            end(self._keeper)
            self._keeper = None
        try:
            if self._postmaster.exists():  # the keeper was killed before it could end the server
                self._run("pg_ctl", "stop", "-m", "immediate", "-D", self._data)
        finally:
            shutil.rmtree(self._directory, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._directory / "data"

    @property
    def _postmaster(self) -> Path:
        return self._data / "postmaster.pid"

    def _initialize(self) -> None:
        password = self._directory / "password"
        password.touch(mode=0o600)
        password.write_text(self._password)
        if self._account is not None:
            self._account.own(self._directory)
        where = ("-D", self._data, "-U", _USER, "--pwfile", password, "-A", "scram-sha-256")
        # scram's many rounds protect weak passwords; this one is random, and every charge opens a connection.
        ended = self._run("initdb", *where, "-E", "UTF8", "--no-locale", "--no-sync", "-c", "scram_iterations=1")
        password.unlink()
        if ended.returncode != 0:
            raise LeakdocError(f"PostgreSQL could not make its data directory: {inert(ended.stderr[-200:])}")

    def _run(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        as_account = {} if self._account is None else self._account.popen_options
        command = [self._programs / program, *arguments]
        try:
            return subprocess.run(
                command, capture_output=True, text=True, cwd=self._directory, timeout=_RUN_WITHIN_S, **as_account
            )
        except subprocess.TimeoutExpired as error:
            raise LeakdocError(f"PostgreSQL's {program} did not end within {_RUN_WITHIN_S:.0f} s") from error

    def _start(self) -> None:
        for _ in range(_ATTEMPTS):
            self.port = _free_port()
            self._keeper = self._start_keeper()
            if self._becomes_ready(self._keeper):
                return
            if self._keeper.poll() is None:
                break
            end(self._keeper)
        raise LeakdocError(f"PostgreSQL does not start: {inert(self._log()[-200:])}")

    def _start_keeper(self) -> subprocess.Popen[str]:
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        server = [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings]
        ids = [] if self._account is None else ["--uid", str(self._account.uid), "--gid", str(self._account.gid)]
        return start_module("leakdoc.demo.keeper", "--directory", str(self._directory), *ids, "--", *server)

    def _becomes_ready(self, keeper: subprocess.Popen[str]) -> bool:
        deadline = time.monotonic() + _READY_WITHIN_S
        while keeper.poll() is None and time.monotonic() < deadline:
            if self._says_ready():
                return True
            time.sleep(_POLL_S)
        return False

    def _says_ready(self) -> bool:
        try:
            lines = self._postmaster.read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def _log(self) -> str:
        log = self._directory / LOG
        return log.read_text(errors="replace") if log.exists() else ""


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])
