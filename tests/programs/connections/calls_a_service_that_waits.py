"""A front service that asks a back service of this machine, which waits for an upstream that does not answer."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{UPSTREAM}/") as answer:
            body = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def started(part: str, *upstream: str) -> str:
    """Start another part of this program, and return its port."""
    command = [sys.executable, __file__, part, *upstream]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process.stdout.readline().strip()


part = sys.argv[1] if len(sys.argv) > 1 else "front"
parent = os.getppid()
if part == "stalled":
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    print(listening.getsockname()[1], flush=True)
else:
    stalled = started("stalled") if part == "front" else sys.argv[2]
    UPSTREAM = started("back", stalled) if part == "front" else stalled
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    print(*([port] if part == "back" else ["ready", port, os.getpid(), f"127.0.0.1:{stalled}"]), flush=True)
while os.getppid() == parent:
    time.sleep(0.5)
