"""The payment service under a steady load, and its roll-out from one build to the next on the same port.

The listening socket is ours and outlives every service, as under socket activation: the new process serves before
the old one is asked to end, so that no connection is ever refused.
"""

from __future__ import annotations

import json
import socket
import subprocess
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from leakdoc.demo.lifeline import end, first_line, start_module
from leakdoc.demo.settings import DECLINED_EACH, DSN_VARIABLE, HOST, PER_SECOND
from leakdoc.errors import LeakdocError

_BACKLOG: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadCounts:
    """What the load did: ``sent`` is ``ok + declined + failed``; ``retried`` are connections that were refused."""

    sent: int
    ok: int
    declined: int
    failed: int
    retried: int


class Deployment:
    """A context manager: a service and its load run inside, both have ended outside.

    Args:
        dsn: the database, with its password; the service gets it by environment.
        build: ``leaky`` or ``fixed``.
        per_second: charges a second.
        declined_each: how many orders it takes until a card is declined.
    """

    def __init__(
        self, dsn: str, *, build: str = "leaky", per_second: float = PER_SECOND, declined_each: int = DECLINED_EACH
    ) -> None:
        self._dsn = dsn
        self.build = build
        self._load_options = ("--per-second", str(per_second), "--declined-each", str(declined_each))
        self._listener: socket.socket | None = None
        self._service: subprocess.Popen[str] | None = None
        self._load: subprocess.Popen[str] | None = None
        self.counts: LoadCounts | None = None

    def __enter__(self) -> Self:
        try:
            self._listener = socket.create_server((HOST, 0), backlog=_BACKLOG)
            self.port = int(self._listener.getsockname()[1])
            self.roll_out(self.build)
            self._load = start_module("leakdoc.demo.load", "--port", str(self.port), *self._load_options)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The process that serves."""
        if self._service is None:
            raise LeakdocError("the payment service does not run")
        return self._service.pid

    def roll_out(self, build: str) -> int:
        """Let a new process of a build take over, and end the old one after its requests in flight.

        Returns:
            The new process's pid.

        Raises:
            LeakdocError: the new process did not come up; the old one still serves.
        """
        new = self._start_service(build)
        old, self._service, self.build = self._service, new, build
        if old is not None:
            end(old)
        return new.pid

    def stop(self) -> None:
        """End load and service, in this order, and keep what the load counted; a second call does nothing."""
        load, service, listener = self._load, self._service, self._listener
        self._load = self._service = self._listener = None
        try:
            if load is not None:
                said = end(load)
                self.counts = LoadCounts(**json.loads(said)) if said else None
        finally:
            if service is not None:
                end(service)
            if listener is not None:
                listener.close()

    def _start_service(self, build: str) -> subprocess.Popen[str]:
        assert self._listener is not None
        inherited = self._listener.fileno()
        service = start_module(
            "leakdoc.demo.payments",
            *("--build", build, "--listen-fd", str(inherited)),
            environment={DSN_VARIABLE: self._dsn},
            pass_fds=(inherited,),
        )
        if not first_line(service):
            end(service)
            raise LeakdocError(f"the {build} build of the payment service does not start")
        return service
