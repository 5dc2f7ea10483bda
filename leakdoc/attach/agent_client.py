"""The agent's questions as functions: what it answers, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from leakdoc.sampling.agent_socket import AgentSocket


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """Who an agent is: its process's own pid, its Python, and what it can be asked."""

    pid: int
    python: str
    requests: tuple[str, ...]
    adapters: tuple[str, ...]
    temporary: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeCounts:
    """How many objects there are of each type, the most frequent first, of those that the collector tracks."""

    total: int
    counts: dict[str, int] = field(default_factory=dict)


class AgentClient:
    """A conversation with one agent, by its questions.

    Args:
        pid: the process.
        address: where its agent listens; looked for when null.

    Raises:
        NoAgent: the process has none.
        AgentError: it cannot be reached.
    """

    def __init__(self, pid: int, address: str | None = None) -> None:
        self._socket = AgentSocket(pid, address)

    def hello(self) -> Hello:
        """Ask who it is."""
        told = self._socket.ask("hello")
        return Hello(
            pid=int(told["pid"]),
            python=str(told["python"]),
            requests=tuple(map(str, told["requests"])),
            adapters=tuple(map(str, told["adapters"])),
            temporary=bool(told["temporary"]),
        )

    def heap(self) -> dict[str, int]:
        """Ask for the allocators' counters, in bytes (and blocks); what is not known is absent."""
        return {name: int(value) for name, value in self._socket.ask("heap").items() if isinstance(value, int)}

    def types(self, *, most: int = 200) -> TypeCounts:
        """Ask for the number of objects by type."""
        told = self._socket.ask("types", most=most)
        return TypeCounts(total=int(told["total"]), counts={str(name): int(count) for name, count in told["types"]})

    def connections(self) -> dict[str, Any]:
        """Ask where what is open was opened (``opened``), and how its ``pools`` stand."""
        return self._socket.ask("connections")

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def __enter__(self) -> AgentClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
