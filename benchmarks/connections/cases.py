"""The programs, what each is guilty of, and what plays upon it."""

from __future__ import annotations

from typing import Final, NamedTuple


class Case(NamedTuple):
    """One program.

    Args:
        program: a file of tests/programs/connections, without its suffix.
        guilty_of: the detectors of which any one names it; none for a program that only looks guilty.
        load: what is sent to it: a name of `loads.LOADS`; empty for nothing.
        asks_postgres: whether leakdoc may ask the database.
        has_agent: whether it is started with the agent inside.
        children: whether it is looked at with its children.
        follows: whether the upstream is followed by the step `isolate_upstream`, and has to be the one it says.
    """

    program: str
    guilty_of: tuple[str, ...] = ()
    load: str = ""
    asks_postgres: bool = False
    has_agent: bool = False
    follows: bool = False
    children: bool = False


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
    Case("pg_beside_another_that_churns"),
    Case("http_keeps_alive"),
    Case("peer_vanishes", ("half_open",)),
    Case("threads_pile_up", ("concurrency_growth",)),
    Case("children_not_collected", ("concurrency_growth",)),
    Case("threads_stop_at_their_number"),
    Case("transactions_left_open", ("idle_in_transaction",), asks_postgres=True),
    Case("transactions_end", asks_postgres=True),
    # Written after the thresholds, and before they were tried on these.
    Case("sqlalchemy_sessions_leak", ("pool_exhausted",), load="mostly_good"),
    Case("responses_not_read", ("unclosed_connections",)),
    Case("httpx_client_each_time", ("unclosed_connections",)),
    Case("slow_leak", ("unclosed_connections",)),
    Case("lifo_pool_bursts"),
    Case("pubsub_listens"),
    Case("requests_without_keepalive"),
    Case("redis_client_each_time", ("connection_churn",)),
    Case("gunicorn_stalls", ("upstream_unresponsive",), load="plain"),
    Case("gunicorn_serves", load="plain"),
    Case("tasks_pile_up", ("concurrency_growth",), has_agent=True),
    Case("pool_held_across_a_call", ("pool_exhausted",), load="plain"),
    # A second round, over other drivers and servers, written before anything was tried on them.
    Case("sse_subscribers_grow"),
    Case("keepalive_pool_grows_slowly"),
    Case("burst_then_idle"),
    Case("drains_to_another"),
    Case("fails_over"),
    Case("pool_recycles"),
    Case("daemon_by_unix_socket"),
    Case("manager_of_processes"),
    Case("asks_names"),
    Case("collector_never_answers", load="reports"),
    Case("long_queries"),
    Case("notified"),
    Case("upstream_is_slow", load="polls"),
    Case("connection_for_each_thread"),
    Case("grpc_streams_stay"),
    Case("shards_opened_when_needed"),
    Case("jobs_by_processes"),
    Case("clients_upload_slowly", load="uploads"),
    Case("websockets_pushed_to", load="follows"),
    Case("sqlalchemy_pool_suffices"),
    Case("pymysql_never_closes", ("unclosed_connections",)),
    Case("sqlalchemy_pool_emptied", ("pool_exhausted",)),
    Case("asyncpg_connects_and_forgets", ("unclosed_connections",)),
    Case("aiohttp_session_each_time", ("unclosed_connections",)),
    Case("urllib3_pool_emptied", ("pool_exhausted",)),
    Case("grpc_channel_each_time", ("unclosed_connections",)),
    Case("daemon_never_hung_up_on", ("unclosed_connections",)),
    Case("loops_never_closed", ("descriptor_growth",)),
    Case("mail_server_hangs_up", ("close_wait",)),
    Case("websocket_reconnects", ("unclosed_connections",)),
    Case("httpx_pool_emptied", ("pool_exhausted",), load="mostly_good"),
    Case("redis_asyncio_pool_emptied", ("pool_exhausted",), load="mostly_good"),
    Case("grpc_stalls", ("upstream_unresponsive", "concurrency_growth")),
    Case("row_is_locked", ("pool_exhausted", "upstream_unresponsive"), load="plain"),
    Case("gevent_never_closes", ("unclosed_connections",)),
    Case("uvloop_never_closes", ("unclosed_connections",)),
    # Each of these was once judged wrongly.
    Case("peer_never_closes"),
    # A third round, written before anything was tried on them.
    Case("storm_of_browsers", load="storms"),
    Case("streams_rows"),
    Case("threads_idle_between_jobs"),
    Case("crawls_many_hosts"),
    Case("uploads_to_a_slow_peer"),
    Case("retries_with_patience"),
    Case("ftp_like_data_leaks", ("descriptor_growth",)),
    Case("requests_session_per_tenant", ("unclosed_connections",)),
    Case("aiomysql_pool_emptied", ("pool_exhausted",), load="mostly_good"),
    Case("redis_stalls", ("upstream_unresponsive",), load="plain"),
    Case("httpx_async_client_each_time", ("unclosed_connections",)),
    Case("workers_leak", ("unclosed_connections",)),
    Case("calls_a_service_that_waits", ("upstream_unresponsive",), load="plain", follows=True),
    # A fourth round, written before anything was tried on them.
    Case("tcp_proxy_tunnels", load="tunnels"),
    Case("tcp_proxy_by_threads", load="tunnels"),
    Case("tcp_proxy_forgets_upstream", ("unclosed_connections",), load="tunnels_that_end"),
    Case("websockets_by_the_thousand", load="crowd"),
    Case("websocket_clients_subscribed", load="follows"),
    Case("websocket_service_leaks", ("unclosed_connections",), load="follows"),
    Case("broker_of_things", load="things"),
    Case("grpc_channels_pooled"),
    Case("asyncpg_pool_is_tight"),
    Case("asyncpg_pool_emptied", ("pool_exhausted",), load="mostly_good"),
    Case("sqlalchemy_without_a_pool", ("connection_churn",)),
    Case("sqlalchemy_without_a_pool_seldom"),
    Case("session_for_each_thread"),
    Case("mail_sent_politely"),
    Case("leaks_behind_an_exception", ("unclosed_connections",)),
    Case("one_worker_leaks", ("unclosed_connections",), children=True),
    Case("tls_half_closed", ("close_wait",)),
    Case("pubsub_subscribers_of_tenants"),
)
