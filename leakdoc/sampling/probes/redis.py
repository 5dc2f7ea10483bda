"""Redis's and Valkey's view of their clients: `CLIENT LIST`, asked in their own protocol, without a driver.

Source: Redis, CLIENT LIST and RESP2. Three commands and no others: AUTH, CLIENT LIST, CONFIG GET maxclients.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import Any, Final

from leakdoc.errors import LeakdocError
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.probes.server_url import ServerUrl, server_url
from leakdoc.sampling.probes.sessions import IDLE_IN_TRANSACTION, Session

PORT: Final = 6379
PATIENCE_S: Final = 5.0
LONGEST: Final = 64 << 20  # bytes of one answer: some 300,000 clients


class Redis:
    """A connection to a Redis or Valkey.

    Args:
        url: ``redis://user:secret@host:6379``, or ``rediss://`` where it is encrypted.

    Raises:
        UsageError: the address is none.
        LeakdocError: the server cannot be reached, or does not let us ask.
    """

    def __init__(self, url: str) -> None:
        address = server_url(url, ("redis", "valkey"), PORT, encrypted=("rediss", "valkeys"))
        self.limit: float | None = None
        try:
            self._socket = _connected(address)
            self._answers = self._socket.makefile("rb")
            self._begin(address)
        except OSError as error:
            raise LeakdocError(
                f"Redis cannot be asked: {without_secrets(inert(str(error), longest=200))}",
                help="Check the address that the reference names; the user needs +client|list and +client|id.",
            ) from None
        with contextlib.suppress(OSError, ValueError, TypeError, IndexError):
            self.limit = float(self._ask("CONFIG", "GET", "maxclients")[1])

    def _begin(self, address: ServerUrl) -> None:
        try:
            if address.password is not None:
                self._ask("AUTH", *([address.user] if address.user else []), address.password)
            self._own = str(self._ask("CLIENT", "ID"))
            self.sessions()
        except OSError:
            self.close()
            raise

    def sessions(self) -> Sequence[Session]:
        """As `Server.sessions`."""
        lines = bytes(self._ask("CLIENT", "LIST")).decode("utf-8", "replace").splitlines()
        told = [dict(part.partition("=")[::2] for part in line.split(" ")) for line in lines if line]
        return [_session(each) for each in told if each.get("id") != self._own]

    def close(self) -> None:
        """Hang up."""
        self._answers.close()
        self._socket.close()

    def _ask(self, *words: str) -> Any:
        self._socket.sendall(b"".join(_written(words)))
        return self._answer()

    def _answer(self) -> Any:
        """Read one answer.

        Raises:
            OSError: it is an error, no answer of this protocol, or too long.
        """
        line = self._answers.readline(1 << 16)
        kind, rest = line[:1], line[1:].rstrip(b"\r\n")
        if kind == b"+":
            return rest
        if kind == b"-":
            raise OSError(rest.decode("utf-8", "replace"))
        if kind not in (b":", b"$", b"*") or not rest.lstrip(b"-").isdigit():
            raise OSError("it does not answer as Redis does")
        number = int(rest)
        if kind == b":":
            return number
        if number > LONGEST:
            raise OSError("its answer is too long")
        if kind == b"*":
            return [self._answer() for _ in range(max(number, 0))]
        found = self._answers.read(number + 2) if number >= 0 else b""
        return found[: max(number, 0)]


def _written(words: Sequence[str]) -> Iterator[bytes]:
    yield b"*%d\r\n" % len(words)
    for word in words:
        encoded = word.encode()
        yield b"$%d\r\n%s\r\n" % (len(encoded), encoded)


def _session(told: dict[str, str]) -> Session:
    port, idle = told.get("addr", "").rpartition(":")[2], _number(told.get("idle"))
    queued = _number(told.get("multi"))
    opens_transaction = queued is not None and queued >= 0
    return Session(
        port=int(port) if port.isascii() and port.isdigit() else 0,
        state=IDLE_IN_TRANSACTION if opens_transaction else _state(told),
        application=told.get("name") or told.get("lib-name") or "",
        transaction_s=idle if opens_transaction else None,
        state_s=idle,
    )


def _state(told: dict[str, str]) -> str:
    flags = told.get("flags", "")
    if "b" in flags:
        return "blocked"
    return "subscribed" if "P" in flags else "idle"


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _connected(address: ServerUrl) -> socket.socket:
    plain = socket.create_connection((address.host, address.port), timeout=PATIENCE_S)
    if not address.is_encrypted:
        return plain
    import ssl

    return ssl.create_default_context().wrap_socket(plain, server_hostname=address.host)
