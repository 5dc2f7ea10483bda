"""The programs, what each is guilty of, and what plays upon it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Case(NamedTuple):
    """One program.

    Args:
        program: a file of tests/programs/connections, without its suffix.
        guilty_of: the detectors of which any one names it; none for a program that only looks guilty.
        load: what is sent to it: ``mostly_good``, ``plain``, ``polls`` or ``stays``; empty for nothing.
        asks_postgres: whether leakdoc may ask the database.
    """

    program: str
    guilty_of: tuple[str, ...] = ()
    load: str = ""
    asks_postgres: bool = False


CASES: Final = (
    Case("pg_never_closes", ("unclosed_connections",)),
    Case("redis_never_closes", ("unclosed_connections",)),
    Case("pg_pool_grows"),
    Case("websockets_stay"),
    Case("many_clients", load="stays"),
    Case("http_ignores_the_end", ("close_wait",)),
    Case("http_closes_late"),
    Case("files_never_closed", ("descriptor_growth",)),
    Case("pipes_never_closed", ("descriptor_growth",)),
    Case("files_come_and_go"),
    Case("pool_emptied", ("pool_exhausted",), load="mostly_good"),
    Case("pool_too_slow", ("pool_exhausted",)),
    Case("pool_suffices", load="plain"),
    Case("answers_late_by_design", load="polls"),
    Case("upstream_stalls", ("upstream_unresponsive",), load="plain"),
    Case("upstream_stalls_threads", ("upstream_unresponsive",)),
    Case("upstream_times_out", ("upstream_unresponsive",)),
    Case("upstream_unreachable", ("upstream_unresponsive",)),
    Case("upstream_is_polled"),
    Case("redis_blocks"),
    Case("pg_connects_each_time", ("connection_churn",)),
    Case("http_keeps_alive"),
    Case("peer_vanishes", ("half_open",)),
    Case("threads_pile_up", ("concurrency_growth",)),
    Case("children_not_collected", ("concurrency_growth",)),
    Case("threads_stop_at_their_number"),
    Case("transactions_left_open", ("idle_in_transaction",), asks_postgres=True),
    Case("transactions_end", asks_postgres=True),
)
