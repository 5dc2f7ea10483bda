"""What the programs connect to: real servers, and some that misbehave in a real way; on this machine, on free ports."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

TCP_REPAIR: Final = 19  # include/uapi/linux/tcp.h: close without a word to the other end; needs CAP_NET_ADMIN
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextlib.contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Start them all, and yield the environment that names them."""
    from benchmarks.connections.talking import daemon, mail, names, orders, polite
    from leakdoc.demo.postgres import EmbeddedPostgres
    from tests.mariadb_server import serving_mariadb
    from tests.valkey_server import serving_valkey

    with (
        EmbeddedPostgres() as postgres,
        serving_valkey() as redis,
        serving_mariadb() as mysql,
        orders() as grpc,
    ):
        dsn = postgres.dsn.replace("&gssencmode=disable", "")  # asyncpg does not know it
        environment = dict(os.environ) | {"DSN": dsn, "REDIS_PORT": str(redis)}
        environment |= {"MYSQL_PORT": str(mysql), "GRPC_PORT": str(grpc), "DAEMON_PATH": daemon()}
        environment |= {"SMTP_PORT": str(listening(mail)), "UDP_PORT": str(names())}
        for name, serve in TCP.items():
            environment[name] = str(listening(serve))
        environment["POLITE_PORT"] = str(polite())
        environment["FULL_PORT"] = str(full())
        yield environment


def listening(serve: Callable[[socket.socket], None]) -> int:
    """Serve each connection in a thread of its own, and return the port."""
    server = socket.create_server(("127.0.0.1", 0), backlog=512)

    def accept() -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(server.getsockname()[1])


def closing(connection: socket.socket) -> None:
    """Answer, and close."""
    connection.recv(100)
    connection.sendall(b"bye\n")
    connection.close()


KEPT: Final[list[socket.socket]] = []


def stalled(connection: socket.socket) -> None:
    """Stop reading, keep the connection, and never answer."""
    KEPT.append(connection)


def forgetful(connection: socket.socket) -> None:
    """Answer, and never close."""
    KEPT.append(connection)
    connection.recv(4096)
    connection.sendall(ANSWER)


def slow_reader(connection: socket.socket) -> None:
    """Take a megabyte a second, and say that it is done."""
    with contextlib.suppress(OSError):
        while connection.recv(65_536):
            time.sleep(0.06)
        connection.sendall(b"done")
    connection.close()


def big(connection: socket.socket) -> None:
    """Answer with more than fits into any buffer, and wait for it to be read."""
    connection.recv(4096)
    with contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n" + bytes(50_000_000))


def polled(connection: socket.socket) -> None:
    """Answer each request after twelve seconds."""
    with contextlib.suppress(OSError):
        while connection.recv(4096):
            time.sleep(12)
            connection.sendall(ANSWER)


def vanishing(connection: socket.socket) -> None:
    """Go away after eight seconds, as a host does that loses power."""
    connection.recv(100)
    time.sleep(8)
    connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    connection.close()


TCP: Final = {
    "CLOSING_PORT": closing,
    "FORGETFUL_PORT": forgetful,
    "STALLED_PORT": stalled,
    "STALLED_TOO_PORT": stalled,
    "STALLED_AS_WELL_PORT": stalled,
    "STALLED_FOURTH_PORT": stalled,
    "STALLED_FIFTH_PORT": stalled,
    "SLOW_READER_PORT": slow_reader,
    "POLLED_PORT": polled,
    "BIG_PORT": big,
    "VANISHING_PORT": vanishing,
}


def full() -> int:
    """Listen with a backlog that is full: whoever connects next hangs."""
    server = socket.create_server(("127.0.0.1", 0), backlog=0)
    KEPT.append(server)
    for _ in range(4):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(server.getsockname())
        KEPT.append(waiting)
    return int(server.getsockname()[1])
