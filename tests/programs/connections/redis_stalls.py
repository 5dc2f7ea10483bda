"""A threaded service whose every request reads from a Redis-like server that has stopped answering."""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import redis

client = redis.Redis(port=int(os.environ["STALLED_FIFTH_PORT"]), socket_timeout=None, protocol=2)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        client.get("price")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", server.server_address[1], flush=True)
while True:
    time.sleep(1)
