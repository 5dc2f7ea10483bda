"""The wire to an agent inside a target: its socket found from outside, one line of JSON there and one back.

The agent is `leakdoc/agent.py`; its socket is named ``agent-PID-….sock``, or ``@leakdoc-agent-PID-…`` where abstract.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import AgentError, NoAgent
from leakdoc.redact import inert

PROTOCOL: Final = 1
LONGEST_ANSWER: Final = 16 << 20  # bytes: the names of 10,000 types, and their paths, many times over
_LINE: Final = re.compile(r"^[0-9a-f]+: \S+ \S+ (?P<flags>\S+) \S+ \S+ +(?P<inode>\d+) (?P<path>.+)$", re.MULTILINE)
_NAME: Final = re.compile(r"(?:^@leakdoc-|/)agent-\d+-[0-9a-f]{8}(?:\.sock)?$")
_LISTENS: Final = 0x10000  # include/linux/net.h, __SO_ACCEPTCON
_CREDENTIALS: Final = struct.Struct("3i")  # unix(7), struct ucred: pid, uid, gid


def find_agent(pid: int) -> str:
    """Return the address of a process's agent, as the process itself sees it.

    Raises:
        NoAgent: it has none.
        OSError: what it has open is not ours to see.
    """
    listening = {match["inode"]: match["path"] for match in _listening(pid)}
    if not listening:
        raise _none(pid)
    for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - a listing of names is all that is needed
        with contextlib.suppress(FileNotFoundError):
            link = os.readlink(f"/proc/{pid}/fd/{name}")  # noqa: PTH115
            inode = link.removeprefix("socket:[").removesuffix("]")
            if inode in listening:
                return listening[inode]
    raise _none(pid)


def _listening(pid: int) -> list[re.Match[str]]:
    text = Path(f"/proc/{pid}/net/unix").read_text(encoding="utf-8", errors="surrogateescape")
    lines = _LINE.finditer(text) if "agent-" in text else ()
    return [each for each in lines if int(each["flags"], 16) & _LISTENS and _NAME.search(each["path"])]


def _none(pid: int) -> NoAgent:
    return NoAgent(
        f"process {pid} has no agent",
        help="Start it with `leakdoc run --agent -- CMD`, or call leakdoc.agent.start() in it.",
    )


class AgentSocket:
    """A conversation with the agent of one process; it answers one client at a time.

    Args:
        pid: the process.
        address: where its agent listens; looked for when null.
        patience_s: how long an answer is waited for.

    Raises:
        NoAgent: the process has none.
        AgentError: it cannot be reached, or is somebody else's.
        OSError: what the process has open is not ours to see.
    """

    def __init__(self, pid: int, address: str | None = None, *, patience_s: float = 10.0) -> None:
        self.pid = pid
        self.address = find_agent(pid) if address is None else address
        self._patience_s = patience_s
        self._socket = _connected(pid, self.address, patience_s)
        self._reader = self._socket.makefile("rb")

    def ask(self, question: str, *, patience_s: float | None = None, **arguments: Any) -> dict[str, Any]:
        """Ask one question.

        Raises:
            AgentError: it does not answer, or refuses; its reason is told.
        """
        line = json.dumps({"v": PROTOCOL, "ask": question, **arguments}).encode() + b"\n"
        try:
            self._socket.settimeout(self._patience_s if patience_s is None else patience_s)
            self._socket.sendall(line)
            text = self._reader.readline(LONGEST_ANSWER)
        except OSError as error:
            raise AgentError(f"the agent of process {self.pid} does not answer: {error}") from error
        return _checked(self.pid, text)

    def close(self) -> None:
        """Hang up."""
        self._reader.close()
        self._socket.close()

    def __enter__(self) -> AgentSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _connected(pid: int, address: str, patience_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(patience_s)
    try:
        if address.startswith("@"):
            connection.connect(f"\0{address[1:]}")
        else:
            _connect_below(connection, f"/proc/{pid}/root{address}")
        _require_owner(pid, connection)
    except OSError as error:
        connection.close()
        raise AgentError(f"the agent of process {pid} cannot be reached: {error.strerror or error}") from error
    except AgentError:
        connection.close()
        raise
    return connection


def _connect_below(connection: socket.socket, path: str) -> None:
    """Connect to a path of any length (unix(7) allows 108 bytes), in whatever mount namespace it is."""
    directory = os.open(os.path.dirname(path), os.O_PATH | os.O_DIRECTORY)  # noqa: PTH120
    try:
        connection.connect(f"/proc/self/fd/{directory}/{os.path.basename(path)}")  # noqa: PTH119
    finally:
        os.close(directory)


def _require_owner(pid: int, connection: socket.socket) -> None:
    """Make sure that the target itself listens, as its user: a child has its parent's socket until it has its own."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    listener, uid, _ = _CREDENTIALS.unpack(credentials)
    if listener != pid:
        raise _none(pid)
    owner = Path(f"/proc/{pid}").stat().st_uid
    if uid != owner:
        raise AgentError(f"what listens at the agent's place of process {pid} belongs to user {uid}, not {owner}")


def _checked(pid: int, text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text)
        if answer["ok"]:
            return dict(answer["answer"])
        error = str(answer["error"])
    except (ValueError, KeyError, TypeError) as wrong:
        raise AgentError(f"the agent of process {pid} gave no answer that can be read") from wrong
    raise AgentError(f"the agent of process {pid} says: {inert(error)}")
