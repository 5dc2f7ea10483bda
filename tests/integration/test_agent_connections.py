"""What the agent notes of real drivers against real servers: who opened, who holds, and who waits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leakdoc.attach.agent_client import AgentClient
from leakdoc.attach.agent_file import with_agent
from tests.mariadb_server import mariadbd, serving_mariadb
from tests.program import Program
from tests.valkey_server import serving_valkey

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the agent's place is found through /proc")
PROGRAM = Path(__file__).parents[1] / "programs" / "opens_by_drivers.py"
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    from leakdoc.demo.postgres import EmbeddedPostgres

    with (
        EmbeddedPostgres() as postgres,
        serving_valkey() as redis_port,
        socket.create_server(("127.0.0.1", 0), backlog=64) as never_answers,
    ):
        dsn = postgres.dsn.replace("&gssencmode=disable", "")  # asyncpg does not know it
        servers = {"DSN": dsn, "REDIS_PORT": str(redis_port), "WEB_PORT": str(never_answers.getsockname()[1])}
        yield with_agent(os.environ | servers)


@pytest.fixture(scope="module")
def with_mysql(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    if mariadbd() is None:
        pytest.skip("mariadbd is not here: apt-get install -y mariadb-server-core")
    with serving_mariadb() as port:
        yield environment | {"MYSQL_PORT": str(port)}


@pytest.fixture(scope="module")
def with_grpc(environment: dict[str, str]) -> Iterator[dict[str, str]]:
    from benchmarks.connections.talking import orders

    with orders() as port:
        yield environment | {"GRPC_PORT": str(port)}


def told(work: str, environment: dict[str, str], holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Run a program, and return what its agent says once something holds."""
    pipe = subprocess.PIPE
    command = [sys.executable, str(PROGRAM), work]
    with Program(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        try:
            assert process.line() == "ready\n"
            deadline = time.monotonic() + PATIENCE_S
            with AgentClient(process.pid) as agent:
                while not holds(answer := agent.connections()):
                    assert time.monotonic() < deadline, answer
                    time.sleep(0.02)
            return answer
        finally:
            process.kill()


OPEN = {
    "psycopg_connections": "environment",
    "psycopg2_connections": "environment",
    "asyncpg_connections": "environment",
    "plain_sockets": "environment",
    "redis_clients": "environment",
    "uvloop_streams": "environment",
    "pymysql_connections": "with_mysql",
    "gevent_connections": "with_mysql",
    "grpc_channels": "with_grpc",
}


@pytest.mark.parametrize(("work", "servers"), OPEN.items())
def test_the_place_that_opened_is_noted(work: str, servers: str, request: pytest.FixtureRequest) -> None:
    environment = request.getfixturevalue(servers)

    def both(answer: dict[str, Any]) -> bool:
        return sum(len(each["inodes"]) for each in answer["opened"] if each["file"] == str(PROGRAM)) >= 2

    answer = told(work, environment, both)
    functions = {each["function"].partition(".")[0] for each in answer["opened"] if each["file"] == str(PROGRAM)}
    through = {"gevent_connections": {"pymysql_connections", "plain_sockets"}, "grpc_channels": {"grpc_channels"}}
    assert functions <= {work, "charge", "charge_later"} | through.get(work, set())
    total = sum(len(each["inodes"]) for each in answer["opened"] if each["file"] == str(PROGRAM))
    assert total == (4 if work == "gevent_connections" else 2)


POOLS = {
    "psycopg_pool": "environment",
    "sqlalchemy_pool": "environment",
    "redis_pool": "environment",
    "redis_async_pool": "environment",
    "asyncpg_pool": "environment",
    "aiohttp_pool": "environment",
    "urllib3_pool": "environment",
    "httpx_pool": "environment",
    "httpx_async_pool": "environment",
    "sqlalchemy_async_pool": "environment",
    "sqlalchemy_mysql_pool": "with_mysql",
    "aiomysql_pool": "with_mysql",
}


@pytest.mark.parametrize(("work", "servers"), POOLS.items())
def test_pools_say_who_holds_and_who_waits(work: str, servers: str, request: pytest.FixtureRequest) -> None:
    environment, size = request.getfixturevalue(servers), 2

    def someone_waits(answer: dict[str, Any]) -> bool:
        full = (each for each in answer["pools"] if each["waiting"] == 1 and each["in_use"] == size)
        return any(all(holder["inode"] for holder in each["held"]) for each in full)

    answer = told(work, environment, someone_waits)
    (pool,) = [each for each in answer["pools"] if each["waiting"]]
    assert pool["size"] == size
    assert pool["checkouts"] == (0 if work.startswith("httpx") else size)  # its own lists say who, and not how often
    assert pool["wait_max_s"] > 0
    assert {each["file"] for each in pool["held"]} == {str(PROGRAM)}
    assert {each["file"] for each in pool["waiting_at"]} == {str(PROGRAM)}
    assert all(each["inode"] for each in pool["held"])


def test_a_pool_that_does_not_wait_says_who_holds(environment: dict[str, str]) -> None:
    answer = told("psycopg2_pool", environment, lambda told: any(each["in_use"] == 2 for each in told["pools"]))
    (pool,) = answer["pools"]
    assert (pool["size"], pool["waiting"]) == (2, 0)
    assert {each["file"] for each in pool["held"]} == {str(PROGRAM)}


def test_what_an_adapter_does_wrong_stays_with_it() -> None:
    from leakdoc import agent

    class Library:
        @classmethod
        def connect(cls, value: int) -> int:
            if value < 0:
                raise ValueError("refused")
            return value

    def broken(*_: Any) -> Any:
        raise RuntimeError("an adapter's own")

    agent._wrap(Library, "connect", broken, broken)
    agent._wrap(Library, "nonesuch", broken, broken)
    agent._wrap(Library, "connect", lambda *_: 1, broken)
    assert Library.connect(3) == 3
    assert Library().connect(4) == 4
    with pytest.raises(ValueError, match="refused"):
        Library.connect(-1)


def test_a_descriptor_that_was_closed_and_used_again_is_not_the_old_connection() -> None:
    from leakdoc import agent

    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        number = os.dup(client.fileno())
        agent._note(number, ("charge.py", 7, "charge"))
        assert (number, "charge.py") in {(descriptor, noted[1][0]) for descriptor, noted in agent._live_sockets()}
        os.dup2(server.fileno(), number)
        assert number not in {descriptor for descriptor, _ in agent._live_sockets()}
        os.close(number)
    assert number not in agent._SOCKETS


def test_a_socket_is_known_by_itself_and_by_its_inode_once_it_gives_its_descriptor_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from leakdoc import agent

    monkeypatch.setattr(agent._PythonSocket, "kind", socket.socket)

    def known() -> set[int]:
        return {descriptor for descriptor, _ in agent._live_sockets()}

    with socket.create_server(("127.0.0.1", 0)) as server:
        first, second = (socket.create_connection(server.getsockname()) for _ in range(2))
        for each in (first, second):
            agent._hear("socket.connect", (each, server.getsockname()))
        assert known() >= {first.fileno(), second.fileno()}
        inodes = {noted[0] for _, noted in agent._live_sockets()}
        assert inodes >= {os.fstat(first.fileno()).st_ino}
        closed = first.fileno()
        os.dup2(server.fileno(), closed)  # somebody else's now, while the object thinks that it is its own
        first.close()
        assert closed not in known()
        agent._let_go(second)
        given = second.detach()
        assert given in known()
        os.close(given)
        assert given not in known()


def test_an_encrypted_connection_keeps_its_opener(environment: dict[str, str]) -> None:
    answer = told("encrypted", environment, lambda answer: bool(answer["opened"]))
    (place,) = [each for each in answer["opened"] if each["file"] == str(PROGRAM)]
    assert len(place["inodes"]) == 1


def test_threads_may_come_and_go_while_it_is_asked(environment: dict[str, str]) -> None:
    answers: list[dict[str, Any]] = []
    asking = [
        threading.Thread(
            target=lambda: answers.append(told("plain_sockets", environment, lambda answer: bool(answer["opened"])))
        )
        for _ in range(2)
    ]
    for each in asking:
        each.start()
    for each in asking:
        each.join(PATIENCE_S)
    assert len(answers) == 2


TASKS = """
import asyncio
async def reply(event):
    await event.wait()
async def main():
    kept = [asyncio.ensure_future(reply(asyncio.Event())) for _ in range(30)]
    await asyncio.sleep(0)
    print("ready", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def test_tasks_are_told_by_the_line_they_wait_at(tmp_path: Path) -> None:
    program = tmp_path / "tasks.py"
    program.write_text(TASKS)
    command = [sys.executable, str(program)]
    with Program(command, stdout=subprocess.PIPE, text=True, env=with_agent(os.environ)) as process:
        try:
            assert process.line() == "ready\n"
            with AgentClient(process.pid) as agent:
                answer = agent.connections()
        finally:
            process.kill()
    assert answer["tasks"] == 31
    first, second = answer["tasks_at"]
    assert first == {"file": str(program), "line": 4, "function": "reply", "count": 30}
    assert (second["function"], second["count"]) == ("main", 1)
