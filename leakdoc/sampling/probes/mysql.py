"""MySQL's and MariaDB's view of their sessions: `information_schema.processlist`, and which hold a transaction open.

Source: MySQL 8.4, 28.3.23 and 28.4.28 (INNODB_TRX); MariaDB has the same tables. One session of ours, in autocommit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from leakdoc.errors import LeakdocError, MissingDependency
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.probes.server_url import server_url
from leakdoc.sampling.probes.sessions import IDLE_IN_TRANSACTION, Session

PORT: Final = 3306
PATIENCE_S: Final = 5
# What names the tables may not be seen without PROCESS: then sessions of the same user alone are told.
_SESSIONS: Final = """
    SELECT p.host, p.command, p.user, p.time,
           timestampdiff(MICROSECOND, t.trx_started, now(6)) / 1e6
    FROM information_schema.processlist AS p
    LEFT JOIN information_schema.innodb_trx AS t ON t.trx_mysql_thread_id = p.id
    WHERE p.id <> connection_id() AND p.command NOT IN ('Daemon', 'Binlog Dump')
"""
_LIMIT: Final = "SELECT @@max_connections"
_SLEEPS: Final = "Sleep"


class Mysql:
    """A session at a MySQL or MariaDB.

    Args:
        dsn: ``mysql://user:secret@host:3306``.

    Raises:
        MissingDependency: there is no driver.
        UsageError: the DSN is none.
        LeakdocError: the database cannot be reached.
    """

    def __init__(self, dsn: str) -> None:
        self._connection = _connected(dsn)
        self.limit: float | None = float(self._query(_LIMIT)[0][0])

    def sessions(self) -> Sequence[Session]:
        """As `Server.sessions`."""
        return [_session(*row) for row in self._query(_SESSIONS)]

    def close(self) -> None:
        """End the session."""
        self._connection.close()

    def _query(self, text: str) -> list[Any]:
        import pymysql

        try:
            with self._connection.cursor() as cursor:
                cursor.execute(text)
                return list(cursor.fetchall())
        except pymysql.Error as error:
            raise OSError(without_secrets(inert(str(error), longest=200))) from None


def _session(host: str, command: str, user: str, time_s: float | None, transaction_s: float | None) -> Session:
    is_idle = command == _SLEEPS
    state = (IDLE_IN_TRANSACTION if transaction_s is not None else "idle") if is_idle else "active"
    port = str(host).rpartition(":")[2]
    return Session(
        port=int(port) if port.isascii() and port.isdigit() else 0,
        state=state,
        application=str(user),
        transaction_s=None if transaction_s is None else float(transaction_s),
        state_s=None if time_s is None else float(time_s),
    )


def _connected(dsn: str) -> Any:
    try:
        import pymysql
    except ImportError:
        raise MissingDependency(
            "asking MySQL needs its driver", help="Install it with: pip install 'leakdoc[mysql]'"
        ) from None
    url = server_url(dsn, ("mysql", "mariadb"), PORT)
    try:
        return pymysql.connect(
            host=url.host, port=url.port, user=url.user, password=url.password or "", autocommit=True,
            connect_timeout=PATIENCE_S, read_timeout=PATIENCE_S, program_name="leakdoc",
        )  # fmt: skip
    except (pymysql.Error, OSError) as error:
        raise LeakdocError(
            f"MySQL cannot be asked: {without_secrets(inert(str(error), longest=300))}",
            help="Check the DSN that the reference names; the user needs PROCESS to see others' sessions.",
        ) from None
