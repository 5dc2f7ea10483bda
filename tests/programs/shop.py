"""A small service in several builds: ``shop.py NAME BUILD SETTINGS [PORT]`` prints its port, and ends on SIGTERM.

The build ``leaky`` keeps something of every request; ``fixed`` does not; ``worse`` keeps ten times as much. Settings
are a JSON file that is read before every request. ``{"pool": 2, "database": PORT}`` asks a database through a pool of
two connections; ``{"upstream": PORT, "breaker": true}`` asks an upstream, and no longer once that has failed too often.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

KEPT: list[bytes] = []
KEEPS = {"leaky": 64 << 10, "fixed": 0, "worse": 640 << 10}


class Pool:
    """Connections to a database, as many as the settings say; callers wait for one."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.idle: list[socket.socket] = []
        self.out = 0

    def ask(self, port: int, size: int) -> None:
        with self.changed:
            while self.out >= size:
                self.changed.wait(0.2)
                size = int(settings().get("pool", size))
            self.out += 1
            connection = self.idle.pop() if self.idle else None
        try:
            connection = connection or socket.create_connection(("127.0.0.1", port))
            connection.sendall(b"select\n")
            connection.recv(64)
        finally:
            with self.changed:
                self.out -= 1
                self.idle.append(connection)
                self.changed.notify()


class Breaker:
    """Counts an upstream's failures; once open, it lets a request through now and then."""

    def __init__(self) -> None:
        self.failures = 0
        self.tried_at = 0.0

    def ask(self, port: int, is_on: bool) -> None:
        if is_on and self.failures >= 5 and time.monotonic() - self.tried_at < 0.5:
            raise OSError("the breaker is open")
        self.tried_at = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=0.5 if is_on else 60.0) as upstream:
                upstream.sendall(b"quote\n")
                upstream.recv(64)
            self.failures = 0
        except OSError:
            self.failures += 1
            raise


POOL, BREAKER = Pool(), Breaker()
BUILD, SETTINGS = sys.argv[2], Path(sys.argv[3])


def settings() -> dict:
    return json.loads(SETTINGS.read_text())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # callers may keep their connection

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        now = settings()
        status = 200
        try:
            if "database" in now:
                POOL.ask(int(now["database"]), int(now["pool"]))
            if "upstream" in now:
                BREAKER.ask(int(now["upstream"]), bool(now.get("breaker")))
        except OSError:
            status = 203  # without what the upstream would have said
        KEPT.append(os.urandom(1) * KEEPS[BUILD])
        body = BUILD.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME: how it is found by name
server = Server(("127.0.0.1", int(sys.argv[4]) if len(sys.argv) > 4 else 0), Handler)
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print(server.server_port, flush=True)
server.serve_forever(poll_interval=0.05)
