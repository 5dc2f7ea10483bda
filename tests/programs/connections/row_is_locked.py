"""A service whose every request updates one row that a session elsewhere has locked and forgotten."""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
from psycopg_pool import ConnectionPool

forgotten = psycopg.connect(os.environ["DSN"])
forgotten.execute("SELECT pg_advisory_lock(42)")
pool = ConnectionPool(os.environ["DSN"], min_size=5, max_size=5, open=True, timeout=600)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        with pool.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(42)")
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
