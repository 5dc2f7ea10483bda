"""A gunicorn-like service of eight threads whose SQLAlchemy sessions are not closed when a request goes wrong."""

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import sqlalchemy

engine = sqlalchemy.create_engine(
    os.environ["DSN"].replace("postgresql://", "postgresql+psycopg://"), pool_size=3, max_overflow=2, pool_timeout=600
)
lost = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        connection = engine.connect()
        connection.execute(sqlalchemy.text("SELECT 1"))
        if "bad" in self.path:
            lost.append(connection)
        else:
            connection.close()
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
