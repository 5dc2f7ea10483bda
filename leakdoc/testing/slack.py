"""A Slack for tests: an HTTP server on this machine that answers as Slack's Web API and an incoming webhook do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import parse_qs

CHANNEL_ID: Final = "C012ABCDEF"
_PATIENCE_S: Final = 10.0


class FakeSlack:
    """A context manager: a workspace with one channel.

    `trouble` holds what the next posts meet, the first first: ``ratelimited`` (HTTP 429), ``down`` (HTTP 503),
    ``lost`` (the message is there, the connection breaks without a reply), ``dropped`` (the same, and the message is
    not there), ``garbage`` (the message is there, the reply is no JSON), ``odd`` (the same, and it is JSON that is no
    object), or any of Slack's errors, such as ``channel_not_found``.

    Args:
        channel: the channel's name.
        token: what a bot has to present.
    """

    def __init__(self, channel: str = "#incidents", token: str = "xoxb-for-tests") -> None:
        self.channel = channel
        self.token = token
        self.messages: list[dict[str, Any]] = []
        self.trouble: list[str] = []
        self.calls: list[str] = []

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"slack": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(_PATIENCE_S)

    @property
    def api(self) -> str:
        """The base URL of the Web API."""
        return f"http://127.0.0.1:{self._server.server_port}/api/"

    @property
    def webhook(self) -> str:
        """The URL of the incoming webhook."""
        return f"http://127.0.0.1:{self._server.server_port}/services/T0/B0/xyz"

    def answer(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        """Answer one call of the Web API."""
        if method == "conversations.list":
            return {"ok": True, "channels": [{"id": CHANNEL_ID, "name": self.channel[1:]}]}
        if method == "conversations.history":
            if given.get("channel") != CHANNEL_ID:
                return {"ok": False, "error": "channel_not_found"}
            wanted = str(given.get("include_all_metadata")).lower() in ("1", "true")
            shown = [each if wanted else {**each, "metadata": None} for each in reversed(self.messages)]
            return {"ok": True, "messages": shown}
        if method == "chat.getPermalink":
            return {"ok": True, "permalink": f"https://acme.slack.example/{given['channel']}/p{given['message_ts']}"}
        return {"ok": False, "error": "unknown_method"}

    def keep(self, message: dict[str, Any]) -> str:
        """Put a message into the channel, and return its timestamp."""
        ts = f"{1_773_112_320 + len(self.messages)}.000100"
        self.messages.append({"ts": ts, **message})
        return ts


class _Handler(BaseHTTPRequestHandler):
    slack: FakeSlack
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        given = self._given()
        method = self.path.partition("?")[0].removeprefix("/api/")
        self.slack.calls.append(method)
        if method == "chat.postMessage":
            self._post(given, lambda ts: self._reply({"ok": True, "channel": CHANNEL_ID, "ts": ts}))
        elif method.startswith("/services/"):
            self._post(given, lambda _: self._send(200, b"ok"))
        elif not self._is_known():
            self._reply({"ok": False, "error": "invalid_auth"})
        else:
            self._reply(self.slack.answer(method, given))

    def _post(self, given: dict[str, Any], done: Callable[[str], None]) -> None:
        is_bot = self.path.startswith("/api/")
        if is_bot and not self._is_known():
            self._reply({"ok": False, "error": "invalid_auth"})
            return
        trouble = self.slack.trouble.pop(0) if self.slack.trouble else None
        ts = self.slack.keep(given) if trouble in (None, "lost", "garbage", "odd") else ""
        if trouble is None:
            done(ts)
        else:
            self._meet(trouble, is_bot)

    def _meet(self, trouble: str, is_bot: bool) -> None:
        if trouble in ("lost", "dropped"):
            self.close_connection = True
        elif trouble == "garbage":
            self._send(200, b"<html>bad gateway</html>")
        elif trouble == "odd":
            self._send(200, b"[]", {"Content-Type": "application/json"})
        elif trouble == "ratelimited":
            self._send(429, json.dumps({"ok": False, "error": "ratelimited"}).encode(), {"Retry-After": "0"})
        elif trouble == "down":
            self._send(503, b"down")
        elif is_bot:
            self._reply({"ok": False, "error": trouble})
        else:
            self._send(404, trouble.encode())

    def _given(self) -> dict[str, Any]:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if "json" in (self.headers.get("Content-Type") or ""):
            found: dict[str, Any] = json.loads(body or "{}")
            return found
        query = body or self.path.partition("?")[2]
        return {name: _unpacked(values[0]) for name, values in parse_qs(query).items()}

    def _is_known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {self.slack.token}"

    def _reply(self, answer: dict[str, Any]) -> None:
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json; charset=utf-8"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _unpacked(text: str) -> Any:
    """A form's value: JSON where it is an object or a list."""
    if text[:1] in ("{", "["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
