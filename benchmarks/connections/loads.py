"""What plays upon a service: callers in threads of their own, until the stop is set."""

from __future__ import annotations

import contextlib
import socket
import threading
import urllib.request
from collections.abc import Callable
from typing import Final


def mostly_good(port: int, stop: threading.Event) -> None:
    """Five requests a second, each tenth of them bad; nobody gives up waiting."""
    number = 0
    while not stop.wait(0.2):
        number += 1
        _call(port, "/?bad=1" if number % 10 == 0 else "/")


def plain(port: int, stop: threading.Event) -> None:
    """Three requests a second, each by a caller of its own."""
    while not stop.wait(0.33):
        _call(port, "/")


def polls(port: int, stop: threading.Event) -> None:
    """Ten callers that ask again as soon as they are answered."""

    def poll() -> None:
        while not stop.is_set():
            _get(port, "/")

    for _ in range(10):
        threading.Thread(target=poll, daemon=True).start()


def stays(port: int, stop: threading.Event) -> None:
    """A new client each 300 ms, which says something now and then and stays."""
    kept: list[socket.socket] = []
    while not stop.wait(0.3):
        kept.append(socket.create_connection(("127.0.0.1", port)))
        for each in kept[-3:]:
            each.sendall(b"hello")
            each.recv(64)


def reports(port: int, stop: threading.Event) -> None:
    """A new sender each 800 ms, which sends a word twice a second from then on, and is never answered."""

    def send() -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as sending:
            while not stop.wait(0.5):
                sending.sendall(b"42")

    while not stop.wait(0.8):
        threading.Thread(target=send, daemon=True).start()


def uploads(port: int, stop: threading.Event) -> None:
    """A new upload each second, of a few bytes each half second, for thirty seconds."""

    def upload() -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as sending:
            sending.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6000\r\n\r\n")
            for _ in range(60):
                sending.sendall(bytes(100))
                if stop.wait(0.5):
                    return
            sending.recv(4096)

    while not stop.wait(1.0):
        threading.Thread(target=upload, daemon=True).start()


def follows(port: int, stop: threading.Event) -> None:
    """A new browser each 700 ms, which opens a websocket, says one word and listens."""
    import websockets.sync.client

    kept = []
    while not stop.wait(0.7):
        kept.append(websockets.sync.client.connect(f"ws://127.0.0.1:{port}/", ping_interval=None))
        kept[-1].send("hello")


def storms(port: int, stop: threading.Event) -> None:
    """Thirty browsers within six seconds, each of which says a word on its websocket; then none."""
    import websockets.sync.client

    kept = []
    for _ in range(30):
        kept.append(websockets.sync.client.connect(f"ws://127.0.0.1:{port}/", ping_interval=None))
        kept[-1].send("hello")
        if stop.wait(0.2):
            return
    stop.wait()


def tunnels(port: int, stop: threading.Event) -> None:
    """A new client each half second, which asks once through the tunnel, and then stays and is silent."""
    kept: list[socket.socket] = []
    while not stop.wait(0.5):
        kept.append(socket.create_connection(("127.0.0.1", port)))
        kept[-1].sendall(b"PING\r\n")
        kept[-1].recv(64)


def tunnels_that_end(port: int, stop: threading.Event) -> None:
    """The same, but each client goes after three seconds."""
    kept: list[socket.socket] = []
    while not stop.wait(0.5):
        kept.append(socket.create_connection(("127.0.0.1", port)))
        kept[-1].sendall(b"PING\r\n")
        kept[-1].recv(64)
        if len(kept) > 6:
            kept.pop(0).close()


def crowd(port: int, stop: threading.Event) -> None:
    """Twelve hundred websockets in some ten seconds, then two more each second; nobody says anything."""
    import websockets.sync.client

    kept = []
    while not stop.wait(0.5 if len(kept) > 1_200 else 0.005):
        kept.append(websockets.sync.client.connect(f"ws://127.0.0.1:{port}/", ping_interval=None))


def things(port: int, stop: threading.Event) -> None:
    """A new thing each 400 ms that subscribes, pings every five seconds, and publishes every twelve."""

    def thing() -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as telling:
            threading.Thread(target=_drain, args=(telling,), daemon=True).start()
            telling.sendall(b"SUBSCRIBE\n")
            number = 0
            while not stop.wait(5):
                number += 1
                telling.sendall(b"PUBLISH\n" if number % 3 == 0 else b"PINGREQ\n")

    while not stop.wait(0.4):
        threading.Thread(target=thing, daemon=True).start()


def _drain(telling: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while telling.recv(4096):
            pass


def _call(port: int, path: str) -> None:
    threading.Thread(target=_get, args=(port, path), daemon=True).start()


def _get(port: int, path: str) -> None:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=300).read()


LOADS: Final[dict[str, Callable[[int, threading.Event], None]]] = {
    "mostly_good": mostly_good,
    "plain": plain,
    "polls": polls,
    "stays": stays,
    "reports": reports,
    "uploads": uploads,
    "follows": follows,
    "storms": storms,
    "tunnels": tunnels,
    "tunnels_that_end": tunnels_that_end,
    "crowd": crowd,
    "things": things,
}
