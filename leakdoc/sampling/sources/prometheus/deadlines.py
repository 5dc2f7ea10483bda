"""Connections on which nothing waits longer than it was given, however slowly a server trickles.

A timeout of a socket begins anew with each byte that arrives, so that a server which sends one now and then is waited
for without an end. Here the connection itself is severed when its time is up, whatever is being read of it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_SOCKET = "leakdoc_socket"


@contextlib.contextmanager
def severed_after(connection: socket.socket | None, seconds: float) -> Iterator[threading.Event]:
    """Sever a connection if the block lasts longer than so many seconds; the event tells whether it was."""
    severed = threading.Event()

    def sever() -> None:
        severed.set()
        if connection is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # below TLS, which another thread is reading

    timer = threading.Timer(max(seconds, 0.0), sever)
    timer.daemon = True
    timer.start()
    try:
        yield severed
    finally:
        timer.cancel()


def socket_of(response: Any) -> socket.socket | None:
    """The socket that an answer comes from."""
    found: socket.socket | None = getattr(response.raw, _SOCKET, None)
    return found


class _Begins:
    """The part of a connection that waits for an answer to begin: status and headers within the timeout, together."""

    sock: Any
    timeout: Any

    def getresponse(self) -> Any:
        connection = self.sock
        if not isinstance(self.timeout, int | float):
            return super().getresponse()  # type: ignore[misc]
        with severed_after(connection, self.timeout) as severed:
            try:
                response = super().getresponse()  # type: ignore[misc]
            except Exception as error:
                if not severed.is_set():
                    raise
                raise TimeoutError("the answer did not begin in time") from error
            if severed.is_set():  # headers that end with the connection are taken to be whole
                response.close()
                raise TimeoutError("the answer did not begin in time")
        setattr(response, _SOCKET, connection)
        return response


class _Plain(_Begins, HTTPConnection):
    """Over TCP."""


class _Secure(_Begins, HTTPSConnection):
    """Over TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class InTime(HTTPAdapter):
    """Makes connections whose answers begin in time, through a proxy as well."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        _use(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*args, **options)
        _use(manager)
        return manager


def _use(manager: Any) -> None:
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}
