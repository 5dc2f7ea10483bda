"""The server: GET and HEAD, POST for a hook; a JSON body whatever happens, and nobody from outside without a token."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from leakdoc.cli.http.answers import PATHS, Answer, Query, Route, checked, error_answer
from leakdoc.cli.http.folder import Folder
from leakdoc.cli.http.workloads import hook_of
from leakdoc.errors import DamagedSource, LeakdocError, UnreadableSource, UsageError
from leakdoc.redact import inert, without_secrets

LARGEST_HOOK: Final = 65_536
AT_ONCE: Final = 2  # verdicts; a machine in trouble has other things to do
PATIENCE_S: Final = 30.0  # for a client that says nothing
_STATUS: Final[tuple[tuple[type[Exception], int], ...]] = (
    (UsageError, 400), (UnreadableSource, 404), (DamagedSource, 422), (LeakdocError, 500)
)  # fmt: skip
_LOCAL_NAMES: Final = ("localhost",)


class Server(ThreadingHTTPServer):
    """Serves one folder.

    Args:
        address: host and port; port 0 takes a free one.
        token: asked of every request as ``Authorization: Bearer``; null where only this machine may ask.
        tell: takes a line for each request.
    """

    daemon_threads = True
    request_queue_size = 64  # controllers ask for all their rollouts at once

    def __init__(
        self, address: tuple[str, int], folder: Folder, *, token: str | None, tell: Callable[[str], None]
    ) -> None:
        self.folder, self.token, self.tell = folder, token, tell
        self.room = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no trouble of ours."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server
    server_version = "leakdoc"
    sys_version = ""
    timeout = PATIENCE_S
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a document."""
        status, answer = self._answered()
        self._send(status, answer)

    def do_POST(self) -> None:
        """Answer a hook, which says in its body what GET says in its query; nothing is changed by it."""
        path = PATHS.get(unquote(urlsplit(self.path).path).rstrip("/"))
        if path is None or not path.hook:
            self.send_error(405)
            return
        try:
            query = hook_of(self._body())
        except UsageError as error:
            self.close_connection = True
            self._send(400, error_answer(error.message, error.help, exit_code=error.exit_code))
            return
        self._send(*self._answered(query))

    def _body(self) -> dict[str, Any]:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LARGEST_HOOK:
            raise UsageError("the hook has no body that can be read", help="Send JSON with its Content-Length.")
        try:
            body = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise UsageError("the hook's body is no JSON object", help="Send what Flagger sends.")
        return body

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self.do_GET()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Say in JSON what http.server would say in HTML: unknown methods, malformed requests."""
        del explain
        if code in (405, 501):
            code, message = 405, "only GET and HEAD are answered here: this server changes nothing"
        self.close_connection, self.request_version = True, self.protocol_version
        self._send(code, error_answer(message or "the request cannot be read"))

    def log_message(self, format: str, *args: Any) -> None:
        """Tell of a request on one inert line."""
        self.server.tell(inert(without_secrets(f"{self.client_address[0]} {format % args}"), longest=300))

    def _answered(self, told: dict[str, str] | None = None) -> tuple[int, Answer]:
        parts = urlsplit(self.path)
        if not self._may_ask():
            return 401, error_answer("a token is asked for", "Send it as Authorization: Bearer TOKEN.")
        path = PATHS.get(unquote(parts.path).rstrip("/") or "/")
        if path is None:
            return 404, error_answer("there is no such path", f"There are: {', '.join(PATHS)}.")
        try:
            query = _once(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=16)) | (told or {})
            checked(path, query)
            return self._reached(path, query)
        except Exception as error:  # whoever asks is answered in JSON, and the next one too
            return _told(error)

    def _reached(self, path: Route, query: Query) -> tuple[int, Answer]:
        if not path.light and not self.server.room.acquire(timeout=PATIENCE_S):
            return 503, error_answer("too many verdicts are being reached", "Ask again in a while.")
        try:
            answer = path.answer(self.server.folder, query)
            return answer.status, answer
        finally:
            if not path.light:
                self.server.room.release()

    def _may_ask(self) -> bool:
        if self.server.token is not None:
            given = self.headers.get("Authorization", "")
            return hmac.compare_digest(given.encode(), f"Bearer {self.server.token}".encode())
        return is_local(urlsplit(f"//{self.headers.get('Host', 'localhost')}").hostname or "")

    def _send(self, status: int, answer: Answer) -> None:
        body = json.dumps(answer.document, allow_nan=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Leakdoc-Exit-Code", str(answer.exit_code))
        if status == 405:
            self.send_header("Allow", "GET, HEAD")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def is_local(host: str) -> bool:
    """Whether a host's name is this machine's own: pages of others cannot ask under one (DNS rebinding)."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in _LOCAL_NAMES


def _once(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Raise UsageError where a parameter is given twice: it would not be clear what was judged."""
    query = dict(pairs)
    if len(query) < len(pairs):
        raise UsageError("a parameter is given twice", help="Give each of them once.")
    return query


def _told(error: Exception) -> tuple[int, Answer]:
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    if isinstance(error, LeakdocError):
        return status, error_answer(error.message, error.help, exit_code=error.exit_code)
    return status, error_answer(
        f"internal error: {type(error).__name__}", "This is a defect of leakdoc, not a verdict."
    )
