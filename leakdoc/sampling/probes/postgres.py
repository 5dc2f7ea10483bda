"""The database's own view of our sessions: `pg_stat_activity`, joined to the target's sockets by the client's port.

Source: PostgreSQL 17, 27.2.3. One session of ours, read-only, in autocommit, each query within two seconds. A proxy
between (pgbouncer) hides the client's ports: then nothing joins, and that is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from leakdoc.errors import LeakdocError, MissingDependency
from leakdoc.model.sample import Column
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.sockets.peers import Group

METRICS: Final = ("database_sessions",)
MOST_NAMES: Final = 16  # application names are given by clients, and may be many
_SESSIONS: Final = """
    SELECT client_port, coalesce(state, 'unknown'), coalesce(application_name, ''),
           extract(epoch FROM clock_timestamp() - xact_start)::float8,
           extract(epoch FROM clock_timestamp() - state_change)::float8
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_LIMIT: Final = "SELECT current_setting('max_connections')::float8"
_OPTIONS: Final = "-c statement_timeout=2000 -c default_transaction_read_only=on"


class Session(NamedTuple):
    """One session as the database sees it; ages in seconds, null where there is none."""

    port: int
    state: str
    application: str
    transaction_s: float | None
    state_s: float | None


class PostgresProbe:
    """Sessions of the target by state, and how long their transactions have been open.

    Args:
        dsn: what the driver connects with; it holds secrets.
        group_of_port: tells whom the target's socket with this local port is with.

    Raises:
        MissingDependency: there is no driver.
        LeakdocError: the database cannot be reached.
    """

    def __init__(self, dsn: str, group_of_port: Callable[[int], Group | None]) -> None:
        self._connection = _connected(dsn)
        self._group_of_port = group_of_port
        self._states: dict[tuple[Group, str, str], None] = {}
        self._limit = self._query(_LIMIT)[0][0]

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()

    def read(self, reading: Reading) -> None:
        """Put ``database_sessions{…,state,application}``, their ages, and how full the server is."""
        try:
            sessions = [Session(*row) for row in self._query(_SESSIONS)]
        except OSError as error:
            reading.unavailable["database_sessions"] = str(error)
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
            reading.values[Column.of("database_max_connections", **group.labels)] = self._limit

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

    def _query(self, text: str) -> list[Any]:
        import psycopg

        try:
            return list(self._connection.execute(text).fetchall())
        except psycopg.Error as error:
            raise OSError(without_secrets(inert(str(error), longest=200))) from None


def _column(metric: str, key: tuple[Group, str, str]) -> Column:
    group, state, application = key
    return Column.of(metric, **group.labels, state=state, application=application)


def _connected(dsn: str) -> Any:
    try:
        import psycopg
    except ImportError:
        raise MissingDependency(
            "asking PostgreSQL needs its driver", help="Install it with: pip install 'leakdoc[postgres]'"
        ) from None
    try:
        return psycopg.connect(dsn, autocommit=True, connect_timeout=5, application_name="leakdoc", options=_OPTIONS)
    except psycopg.Error as error:
        raise LeakdocError(
            f"PostgreSQL cannot be asked: {without_secrets(inert(str(error), longest=300))}",
            help="Check the DSN that the reference names; the role needs to see pg_stat_activity (pg_monitor).",
        ) from None
