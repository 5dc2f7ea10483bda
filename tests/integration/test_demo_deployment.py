"""The demo's service under its load: the leaky build leaks, the fixed one does not, and a roll-out loses nothing."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from leakdoc.demo.deployment import Deployment
from leakdoc.demo.postgres import EmbeddedPostgres
from leakdoc.errors import LeakdocError
from tests.program import Program

PER_SECOND = 80.0
DECLINED_EACH = 2
KEPT = 30
RECEIPT_BYTES = 48 * 1024
WORKERS = 2
PAUSE = threading.Event()  # never set


def wait_until(condition: Callable[[], bool], within_s: float = 90.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "what the test waits for did not come"
        PAUSE.wait(0.02)


class Ledger:
    """What PostgreSQL itself says of its clients and of the payments."""

    def __init__(self, connection: psycopg.Connection[tuple[int]]) -> None:
        self._connection = connection

    def _number(self, query: str) -> int:
        row = self._connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    def connections(self) -> int:
        clients = "select count(*) from pg_stat_activity where backend_type = 'client backend'"
        return self._number(f"{clients} and pid <> pg_backend_pid()")

    def payments(self) -> int:
        return self._number("select count(*) from payments")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres() as running:
        yield running


@pytest.fixture
def ledger(server: EmbeddedPostgres) -> Iterator[Ledger]:
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        ledger = Ledger(connection)
        connection.execute("drop table if exists payments")
        wait_until(lambda: ledger.connections() == 0)
        yield ledger


def deployment(server: EmbeddedPostgres, build: str) -> Deployment:
    return Deployment(server.dsn, build=build, per_second=PER_SECOND, declined_each=DECLINED_EACH)


def health(port: int) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=60) as answer:
        return dict(json.load(answer))


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def resident(pid: int) -> int:
    return int(psutil.Process(pid).memory_info().rss)


def test_the_leaky_build_keeps_a_connection_and_a_receipt_for_each_declined_card(
    server: EmbeddedPostgres, ledger: Ledger
) -> None:
    with deployment(server, "leaky") as running:
        wait_until(lambda: ledger.connections() >= 20)
        begun = resident(running.pid)
        wait_until(lambda: ledger.connections() >= 20 + KEPT)
        assert resident(running.pid) - begun > (KEPT - 1) * RECEIPT_BYTES


def test_the_fixed_build_keeps_neither(server: EmbeddedPostgres, ledger: Ledger) -> None:
    with deployment(server, "fixed") as running:
        wait_until(lambda: ledger.payments() >= 60)
        begun = resident(running.pid)
        wait_until(lambda: ledger.payments() >= 60 + KEPT * DECLINED_EACH)
        grown = resident(running.pid) - begun
        wait_until(lambda: ledger.connections() < KEPT / 4)  # a server's process may end a moment after its client
        assert grown < KEPT * RECEIPT_BYTES / 3


def test_a_roll_out_loses_no_request_and_gives_the_connections_back(server: EmbeddedPostgres, ledger: Ledger) -> None:
    with deployment(server, "leaky") as running:
        wait_until(lambda: ledger.connections() >= 20)
        old = running.pid
        new = running.roll_out("fixed")
        assert new != old
        assert not psutil.pid_exists(old)
        assert health(running.port) == {"build": "fixed", "pid": new}
        at_roll_out = ledger.payments()
        wait_until(lambda: ledger.payments() >= at_roll_out + 20)
        wait_until(lambda: ledger.connections() <= WORKERS)
    assert running.counts is not None
    assert (running.counts.failed, running.counts.retried) == (0, 0)
    assert running.counts.sent == running.counts.ok + running.counts.declined == ledger.payments()
    assert running.counts.declined == running.counts.sent // DECLINED_EACH


def test_after_a_crash_the_next_roll_out_serves_and_every_request_is_accounted_for(
    server: EmbeddedPostgres, ledger: Ledger
) -> None:
    with deployment(server, "fixed") as running:
        wait_until(lambda: ledger.payments() >= 10)
        psutil.Process(running.pid).kill()
        running.roll_out("fixed")
        at_roll_out = ledger.payments()
        wait_until(lambda: ledger.payments() >= at_roll_out + 10)
    assert running.counts is not None
    assert running.counts.sent == running.counts.ok + running.counts.declined + running.counts.failed
    assert running.counts.ok + running.counts.declined <= ledger.payments() <= running.counts.sent


def test_a_build_that_does_not_start_leaves_the_old_one_serving(server: EmbeddedPostgres, ledger: Ledger) -> None:
    with deployment(server, "fixed") as running:
        old = running.pid
        with pytest.raises(LeakdocError):
            running.roll_out("no such build")
        assert health(running.port) == {"build": "fixed", "pid": old}


def test_every_process_has_ended_when_the_block_is_left_by_an_interrupt(server: EmbeddedPostgres) -> None:
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(KeyboardInterrupt), deployment(server, "leaky"):
        started = set(psutil.Process().children(recursive=True)) - before
        raise KeyboardInterrupt
    assert len(started) >= 2
    wait_until(lambda: not any(lives(each) for each in started))


OWNER = """
import sys
from leakdoc.demo.deployment import Deployment
from leakdoc.demo.postgres import EmbeddedPostgres
with EmbeddedPostgres() as server, Deployment(server.dsn):
    print(server._directory, flush=True)
    sys.stdin.read()
"""


def commands_below(pid: int) -> str:
    """What was just begun has no words yet, and what has just ended has none any more."""
    found: list[str] = []
    for each in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            found += each.cmdline()
    return " ".join(found)


def test_nothing_remains_of_a_demo_that_was_killed() -> None:
    command = [sys.executable, "-c", OWNER]
    with Program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        directory = Path(owner.line().strip())
        parts = ("postgres", "leakdoc.demo.payments", "leakdoc.demo.load")
        wait_until(lambda: all(part in commands_below(owner.pid) for part in parts))
        started = psutil.Process(owner.pid).children(recursive=True)
        owner.kill()
    wait_until(lambda: not directory.exists() and not any(lives(each) for each in started))
