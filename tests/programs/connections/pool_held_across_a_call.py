"""A threaded service that keeps its database connection while it does something slow; callers wait for one of three."""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from psycopg_pool import ConnectionPool

pool = ConnectionPool(os.environ["DSN"], min_size=3, max_size=3, open=True, timeout=600)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        with pool.connection() as connection:
            connection.execute("SELECT 1")
            time.sleep(4)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", server.server_address[1], flush=True)
while True:
    time.sleep(1)
