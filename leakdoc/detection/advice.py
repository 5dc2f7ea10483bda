"""The smallest safe change for each signature, as an ordered table: the first rows that fit are told.

A row fits a signature and, where it names them, a kind of peer. Sources: the drivers' own manuals, and those of the
servers (PostgreSQL 17, 19.3 and 20.11; MySQL 8.4, 7.1.8; redis.conf).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from leakdoc.model.finding import Json

MOST: Final = 4


class Row(NamedTuple):
    """What to do about a signature; of one kind of peer where there are kinds."""

    detector: str
    kinds: tuple[str, ...]
    text: str


TABLE: Final = (
    Row(
        "unclosed_connections",
        ("postgres", "pgbouncer", "cockroachdb"),
        "take the connection by a context manager: `with pool.connection() as conn:` (psycopg_pool), "
        "`with closing(psycopg.connect(...))`, `async with pool.acquire()` (asyncpg), "
        "`with engine.connect()` (SQLAlchemy)",
    ),
    Row(
        "unclosed_connections",
        ("mysql",),
        "take the connection by a context manager: `with closing(pymysql.connect(...))`, `with engine.connect()`",
    ),
    Row(
        "unclosed_connections",
        ("redis",),
        "make one client for the process, and close those that you make: each `redis.Redis()` has a pool of its own",
    ),
    Row(
        "unclosed_connections",
        ("http", "https"),
        "read or close every response, error ones too, and keep one session or client for the process: "
        "`async with session.get(...) as response:`, `with httpx.Client() as client:`",
    ),
    Row(
        "unclosed_connections",
        (),
        "close the connection on every path, the error path too: take it by a context manager",
    ),
    Row(
        "unclosed_connections",
        (),
        "let the pool or the server end what is idle for too long, so that one missed close cannot exhaust it",
    ),
    Row(
        "close_wait",
        (),
        "close the connection once reading it returns nothing, and on every error path: the peer has gone and will not "
        "come back",
    ),
    Row(
        "close_wait",
        ("postgres", "mysql"),
        "let the pool test what it hands out and drop what is dead: pool_pre_ping and pool_recycle (SQLAlchemy), "
        "`check=ConnectionPool.check_connection` (psycopg_pool)",
    ),
    Row("close_wait", (), "let idle connections end here before the peer ends them: an idle time below the server's"),
    Row("descriptor_growth", (), "open files by `with`, and close what a request opened when it ends, on error too"),
    Row("descriptor_growth", (), "raising RLIMIT_NOFILE only moves the hour: use it to gain time, not as the fix"),
    Row(
        "pool_exhausted",
        (),
        "hold a connection only while it is used: no other call and no waiting between checkout and return",
    ),
    Row(
        "pool_exhausted", (), "return it on every path by a context manager; one that is never returned is lost to all"
    ),
    Row(
        "pool_exhausted",
        ("postgres", "pgbouncer", "mysql"),
        "let waiting fail early (pool_timeout, `timeout=`) and queries end (statement_timeout)",
    ),
    Row(
        "idle_in_transaction",
        ("postgres",),
        "commit or roll back before any other call: `with conn.transaction():`; for what only reads, autocommit",
    ),
    Row(
        "idle_in_transaction",
        ("postgres",),
        "set idle_in_transaction_session_timeout for the service's role, e.g. ALTER ROLE app SET "
        "idle_in_transaction_session_timeout = '60s'",
    ),
    Row("idle_in_transaction", (), "commit or roll back before any other call"),
    Row("connection_churn", ("redis",), "make one client for the process: redis.Redis keeps a pool of its own"),
    Row(
        "connection_churn",
        ("http", "https", "proxy"),
        "keep one session or client for the process, which keeps its connections: requests.Session, httpx.Client, "
        "aiohttp.ClientSession",
    ),
    Row(
        "connection_churn",
        (),
        "keep connections in a pool, made once for the process, in place of one for each request",
    ),
    Row(
        "upstream_unresponsive",
        (),
        "give every call to it a timeout (connect and read), and put a circuit breaker before it that opens "
        "when calls take longer",
    ),
    Row(
        "upstream_unresponsive",
        ("postgres", "mysql"),
        "see what it does: locks and long queries in its own view of sessions; end them by a statement timeout",
    ),
    Row("upstream_unresponsive", (), "bound the callers that may wait for it at once, so that others are still served"),
    Row(
        "half_open",
        ("postgres",),
        "turn keepalive on: keepalives_idle=30 keepalives_interval=10 keepalives_count=3 in the DSN",
    ),
    Row("half_open", ("redis",), "turn keepalive on: redis.Redis(socket_keepalive=True, health_check_interval=30)"),
    Row(
        "half_open",
        (),
        "turn keepalive on (SO_KEEPALIVE, with TCP_KEEPIDLE below the idle time of every firewall between), "
        "and give reads a timeout",
    ),
    Row(
        "concurrency_growth",
        (),
        "bound what may run at once (a pool, a semaphore), and give what it waits for a timeout",
    ),
    Row("concurrency_growth", (), "keep a reference to every task and child that you start, and wait for its end"),
)


def advice_for(detector: str, kind: Json = None) -> tuple[str, ...]:
    """Return what to do about a signature, what is particular to the kind of peer first."""
    rows = [row for row in TABLE if row.detector == detector]
    return tuple(_told(rows, kind if isinstance(kind, str) else None))[:MOST]


def _told(rows: list[Row], kind: str | None) -> Iterator[str]:
    yield from (row.text for row in rows if kind is not None and kind in row.kinds)
    yield from (row.text for row in rows if not row.kinds)
