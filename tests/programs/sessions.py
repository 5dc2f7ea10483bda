"""A service that asks another by a driver: ``sessions.py NAME BUILD SETTINGS [PORT]`` prints its port; ends on SIGTERM.

Settings are a JSON file: ``{"redis": PORT}`` or ``{"http": PORT}``. The build ``leaky`` asks every fourth caller's
question on a connection of its own that it forgets to close; ``fixed`` closes it.
"""

from __future__ import annotations

import ctypes
import http.client
import itertools
import json
import resource
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BUILD, SETTINGS = sys.argv[2], json.loads(Path(sys.argv[3]).read_text())
OPEN: list[tuple[object, bytes]] = []
NUMBERS = itertools.count()


def ask_redis(port: int) -> None:
    import redis

    client = redis.Redis(port=port)
    answer = client.execute_command("ECHO", "q" * 65_536)
    if BUILD == "leaky":
        OPEN.append((client, answer))
    else:
        client.close()


def ask_http(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/")
    answer = connection.getresponse().read()
    if BUILD == "leaky":
        OPEN.append((connection, answer))
    else:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # callers may keep their connection

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if next(NUMBERS) % 4 == 0:
            if "redis" in SETTINGS:
                ask_redis(int(SETTINGS["redis"]))
            else:
                ask_http(int(SETTINGS["http"]))
        body = BUILD.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME: how it is found by name
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = Server(("127.0.0.1", int(sys.argv[4]) if len(sys.argv) > 4 else 0), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(server.server_port, flush=True)
    server.serve_forever(poll_interval=0.05)
