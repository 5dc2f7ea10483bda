"""A server's own view of the target's sessions, joined to the target's sockets by the client's port.

A proxy between (pgbouncer, ProxySQL, Envoy) hides the client's ports: then nothing joins, and that is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from leakdoc.model.sample import Column
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.sockets.peers import Group

METRICS: Final = ("database_sessions",)
MOST_NAMES: Final = 16  # application names are given by clients, and may be many
IDLE_IN_TRANSACTION: Final = "idle in transaction"


class Session(NamedTuple):
    """One session as the server sees it.

    Args:
        port: the client's; 0 where it came by a Unix socket.
        state: in the server's words; ``idle in transaction`` where it holds one open and does nothing.
        transaction_s: for how long its transaction has been open; null where there is none.
        state_s: for how long it has been in this state; null where the server does not tell.
    """

    port: int
    state: str
    application: str
    transaction_s: float | None
    state_s: float | None


class Server(Protocol):
    """A server that is asked; our own session is not among those that it tells.

    Args:
        limit: the most sessions that it takes; null where it does not tell.
    """

    limit: float | None

    def sessions(self) -> Sequence[Session]:
        """Return what is connected to it.

        Raises:
            OSError: it cannot be asked now.
        """

    def close(self) -> None:
        """End our session."""


class SessionsProbe:
    """Sessions of the target by state, and how long their transactions have been open.

    Args:
        group_of_port: tells whom the target's socket with this local port is with.
    """

    def __init__(self, server: Server, group_of_port: Callable[[int], Group | None]) -> None:
        self._server = server
        self._group_of_port = group_of_port
        self._states: dict[tuple[Group, str, str], None] = {}

    def __del__(self) -> None:
        if hasattr(self, "_server"):
            self._server.close()

    def read(self, reading: Reading) -> None:
        """Put ``database_sessions{…,state,application}``, their ages, and how full the server is."""
        try:
            sessions = self._server.sessions()
        except OSError as error:
            reading.unavailable["database_sessions"] = without_secrets(inert(str(error), longest=200))
            return
        joined = [(group, each) for each in sessions if (group := self._group_of_port(each.port)) is not None]
        if sessions and not joined:
            reading.standing.blind_spots["database"] = (
                f"none of the database's {len(sessions)} sessions is one of ours: it is another server, or there is a "
                "proxy between"
            )
            return
        reading.standing.blind_spots.pop("database", None)
        reading.values.update(self._counted(joined))
        for group in {group for group, _ in joined}:
            reading.values[Column.of("database_connections", **group.labels)] = float(len(sessions))
            if self._server.limit is not None:
                reading.values[Column.of("database_max_connections", **group.labels)] = self._server.limit

    def _counted(self, joined: Iterable[tuple[Group, Session]]) -> dict[Column, float]:
        counts: Counter[tuple[Group, str, str]] = Counter()
        transaction: dict[tuple[Group, str, str], float] = {}
        in_state: dict[tuple[Group, str, str], float] = {}
        for group, each in joined:
            key = group, inert(each.state), self._name(each.application)
            counts[key] += 1
            transaction[key] = max(transaction.get(key, 0.0), each.transaction_s or 0.0)
            in_state[key] = max(in_state.get(key, 0.0), each.state_s or 0.0)
        self._states |= dict.fromkeys(counts)
        values = {_column("database_sessions", key): float(counts[key]) for key in self._states}
        values |= {_column("database_transaction_max_s", key): age for key, age in transaction.items()}
        values |= {_column("database_state_max_s", key): age for key, age in in_state.items()}
        return values

    def _name(self, application: str) -> str:
        name = without_secrets(inert(application, longest=60))
        known = {each for _, _, each in self._states}
        return name if name in known or len(known) < MOST_NAMES else "other"


def _column(metric: str, key: tuple[Group, str, str]) -> Column:
    group, state, application = key
    return Column.of(metric, **group.labels, state=state, application=application)
