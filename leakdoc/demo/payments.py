"""The demo's payment service: POST /charge and GET /health on 127.0.0.1, in a leaky and in a fixed build.

``LEAKDOC_DEMO_DSN=... python -m leakdoc.demo.payments --port 0 --build leaky`` prints its port on a line of JSON once
it serves, and ends on SIGTERM after the requests in flight.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from importlib import import_module
from socketserver import TCPServer, ThreadingMixIn
from typing import Any, Final

import psycopg

from leakdoc.demo.ledger import create_table
from leakdoc.demo.lifeline import FLAG, end_with_parent
from leakdoc.demo.orders import CardDeclined, Order
from leakdoc.demo.settings import DSN_VARIABLE, HOST

BUILDS: Final = {"leaky": "leakdoc.demo.charges_leaky", "fixed": "leakdoc.demo.charges_fixed"}
_WORKERS: Final = 2  # few and fixed: each thread has a heap arena of its own, which would look like growth
_POLL_S: Final = 0.1
_ENDING: Final = frozenset({signal.SIGTERM, signal.SIGINT})

Charge = Callable[[Order], str]


class PaymentsServer(ThreadingMixIn, TCPServer):
    """Answers the connections of a listening socket, which it may share with the process that it replaces."""

    def __init__(self, listener: socket.socket, build: str, charge: Charge) -> None:
        super().__init__(listener.getsockname(), PaymentsHandler, bind_and_activate=False)
        self.socket.close()
        listener.setblocking(False)  # the other process may be quicker to accept what both were woken for
        self.socket = listener
        self.build = build
        self.charge = charge
        self._workers = ThreadPoolExecutor(_WORKERS)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept one connection, as a socket that blocks."""
        request, address = super().get_request()
        request.setblocking(True)
        return request, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Hand the connection to a worker."""
        self._workers.submit(self.process_request_thread, request, client_address)

    def serve_until(self, ending: frozenset[signal.Signals]) -> None:
        """Serve until one of the signals comes; what was accepted by then is answered."""
        accepting = threading.Thread(target=self.serve_forever, args=(_POLL_S,))
        accepting.start()
        signal.sigwait(ending)
        self.shutdown()
        accepting.join()
        self._workers.shutdown()


class PaymentsHandler(BaseHTTPRequestHandler):
    """One request, one connection."""

    server: PaymentsServer
    timeout = 5.0

    def do_GET(self) -> None:
        """GET /health."""
        if self.path != "/health":
            return self._answer(HTTPStatus.NOT_FOUND, {})
        return self._answer(HTTPStatus.OK, {"build": self.server.build, "pid": os.getpid()})

    def do_POST(self) -> None:
        """POST /charge: the receipt; 402 for a declined card; 503 when the database does not answer."""
        if self.path != "/charge":
            return self._answer(HTTPStatus.NOT_FOUND, {})
        try:
            order = Order.from_json(self.rfile.read(int(self.headers["Content-Length"])))
            receipt = self.server.charge(order)
        except CardDeclined:
            return self._answer(HTTPStatus.PAYMENT_REQUIRED, {"error": "declined"})
        except psycopg.Error:
            return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "no database"})
        except (KeyError, TypeError, ValueError):
            return self._answer(HTTPStatus.BAD_REQUEST, {"error": "not an order"})
        return self._answer(HTTPStatus.OK, {"receipt": receipt})

    def _answer(self, status: HTTPStatus, content: dict[str, str | int]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: standard error is the demo's progress."""


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM."""
    options = _parser().parse_args(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    if options.end_with_parent:
        end_with_parent()
    dsn = os.environ[DSN_VARIABLE]
    create_table(dsn)
    build = import_module(BUILDS[options.build])
    with PaymentsServer(_listener(options), options.build, lambda order: build.charge(dsn, order)) as server:
        ready = {"port": server.socket.getsockname()[1], "pid": os.getpid(), "build": options.build}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        server.serve_until(_ENDING)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m leakdoc.demo.payments")
    parser.add_argument(FLAG, action="store_true", help="end when standard input does")
    parser.add_argument("--build", choices=sorted(BUILDS), default="leaky")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--listen-fd", type=int, help="serve on this inherited listening socket instead")
    return parser


def _listener(options: argparse.Namespace) -> socket.socket:
    if options.listen_fd is not None:
        return socket.socket(fileno=options.listen_fd)
    return socket.create_server((HOST, options.port))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
