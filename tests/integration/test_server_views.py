"""What real servers tell of our sessions: MariaDB's list of processes, and Valkey's list of clients."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from leakdoc.cli.main import main
from leakdoc.errors import LeakdocError
from leakdoc.sampling.probes.mysql import Mysql
from leakdoc.sampling.probes.redis import Redis
from tests.mariadb_server import mariadbd, serving_mariadb
from tests.valkey_server import serving_valkey

LONG_AGO = "transactions.longest=1ms"


@pytest.fixture(scope="module")
def mysql() -> Iterator[int]:
    if mariadbd() is None:
        pytest.skip("mariadbd is not here: apt-get install -y mariadb-server-core")
    with serving_mariadb() as port:
        yield port


@pytest.fixture(scope="module")
def redis_port() -> Iterator[int]:
    with serving_valkey() as port:
        yield port


def test_sessions_of_mysql_that_are_idle_in_a_transaction_are_found(
    mysql: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pymysql

    monkeypatch.setenv("OUR_MYSQL", f"mysql+pymysql://app:app@127.0.0.1:{mysql}/app")
    ours = [
        pymysql.connect(host="127.0.0.1", port=mysql, user="app", password="app", autocommit=autocommit)
        for autocommit in (False, True)
    ]
    with ours[0].cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS app.orders (id int primary key) ENGINE=InnoDB")
        cursor.execute("INSERT INTO app.orders VALUES (1)")
    looking = ["connections", str(os.getpid()), "--mysql", "env:OUR_MYSQL", "--policy", LONG_AGO]
    code = main([*looking, "--for", "3s", "--json", "--quiet"])
    document = json.loads(capsys.readouterr().out)
    found = next(each for each in document["findings"] if each["detector"] == "idle_in_transaction")
    assert (code, found["decision"]) == (1, "leaking")
    assert found["evidence"]["sessions"] == {"idle": 1, "idle in transaction": 1}
    assert found["evidence"]["peer_kind"] == "mysql"
    assert found["evidence"]["server_max_connections"] == 400
    for each in ours:
        each.close()


def test_a_server_that_is_not_what_it_is_said_to_be_is_told_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(LeakdocError, match="does not answer as Redis does"):
            Redis(f"redis://127.0.0.1:{server.getsockname()[1]}")


def test_clients_of_redis_are_told_by_what_they_do(redis_port: int) -> None:
    import redis

    asked = Redis(f"redis://127.0.0.1:{redis_port}")
    client = redis.Redis(port=redis_port, client_name="billing")
    subscription = client.pubsub()
    subscription.subscribe("orders")
    opened = client.connection_pool.get_connection()
    opened.send_command("MULTI")
    opened.read_response()
    told = {each.port: each.state for each in asked.sessions()}
    assert told[opened._sock.getsockname()[1]] == "idle in transaction"
    assert told[subscription.connection._sock.getsockname()[1]] == "subscribed"
    assert {each.application for each in asked.sessions()} >= {"billing"}
    assert asked.limit and asked.limit > 0
    assert not [each for each in asked.sessions() if each.port == asked._socket.getsockname()[1]]
    asked.close()
    subscription.close()
    client.connection_pool.release(opened)
    client.close()


def test_a_wrong_password_is_told_without_it(redis_port: int, mysql: int) -> None:
    with pytest.raises(LeakdocError) as said:
        Redis(f"redis://:hunter2@127.0.0.1:{redis_port}")
    assert "hunter2" not in str(said.value)
    with pytest.raises(LeakdocError) as said:
        Mysql(f"mysql://app:hunter2@127.0.0.1:{mysql}")
    assert "hunter2" not in str(said.value)
