"""PostgreSQL's view of its sessions: `pg_stat_activity`.

Source: PostgreSQL 17, 27.2.3. One session of ours, read-only, in autocommit, each query within two seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from leakdoc.errors import LeakdocError, MissingDependency
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.probes.sessions import Session

_SESSIONS: Final = """
    SELECT coalesce(client_port, 0), coalesce(state, 'unknown'), coalesce(application_name, ''),
           extract(epoch FROM clock_timestamp() - xact_start)::float8,
           extract(epoch FROM clock_timestamp() - state_change)::float8
    FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_LIMIT: Final = "SELECT current_setting('max_connections')::float8"
_OPTIONS: Final = "-c statement_timeout=2000 -c default_transaction_read_only=on"


class Postgres:
    """A session at a PostgreSQL.

    Args:
        dsn: what the driver connects with; it holds secrets.

    Raises:
        MissingDependency: there is no driver.
        LeakdocError: the database cannot be reached.
    """

    def __init__(self, dsn: str) -> None:
        self._connection = _connected(dsn)
        self.limit: float | None = self._query(_LIMIT)[0][0]

    def sessions(self) -> Sequence[Session]:
        """As `Server.sessions`."""
        return [Session(*row) for row in self._query(_SESSIONS)]

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _query(self, text: str) -> list[Any]:
        import psycopg

        try:
            return list(self._connection.execute(text).fetchall())
        except psycopg.Error as error:
            raise OSError(without_secrets(inert(str(error), longest=200))) from None


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
