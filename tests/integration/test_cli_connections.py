"""`leakdoc connections` on real processes: the table, the document, the agent's lines, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import leakdoc
from leakdoc.attach.agent_file import with_agent
from leakdoc.cli.main import main
from leakdoc.reporting.schemas import schema_text
from tests.program import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc and netlink are Linux's")
PROGRAMS = Path(__file__).parents[1] / "programs"
SOON = ["--interval", "50ms", "--for", "20s"]


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    from leakdoc.demo.postgres import EmbeddedPostgres

    with EmbeddedPostgres() as postgres:
        yield postgres.dsn.replace("&gssencmode=disable", "")


@pytest.fixture
def holding(dsn: str) -> Iterator[int]:
    """A program with an agent inside, whose pool of two is held by one line while another waits."""
    command = [sys.executable, str(PROGRAMS / "opens_by_drivers.py"), "psycopg_pool"]
    pipe = subprocess.PIPE
    with Program(command, stdin=pipe, stdout=pipe, text=True, env=with_agent(os.environ | {"DSN": dsn})) as process:
        assert process.line() == "ready\n"
        yield process.pid
        process.kill()


def answered(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["connections", *words, "--json", "--quiet"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(schema_text("connections")))
    return code, document


def test_an_exhausted_pool_is_told_with_its_holder_and_who_waits(
    holding: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = answered(capsys, str(holding), *SOON, "--held-longer-than", "0s", "--policy", "pool.waiting=500ms")
    assert code == 1
    assert document["decision"] == "exhausted"
    (finding,) = [each for each in document["findings"] if each["detector"] == "pool_exhausted"]
    assert finding["basis"] == "measured"
    assert finding["evidence"]["in_use"] == finding["evidence"]["size"] == 2
    assert {place["function"] for place in finding["evidence"]["held_at"]} == {"charge"}
    assert {Path(place["file"]).name for place in finding["evidence"]["waiting_at"]} == {"opens_by_drivers.py"}
    assert document["peers"][0]["peer_kind"] == "postgres"
    assert document["peers"][0]["held_at"]
    assert document["held"]["known"] is True
    assert len(document["held"]["holders"]) == 2


def test_one_look_shows_the_table(holding: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["connections", str(holding), "--for", "0s", "--quiet"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("INCONCLUSIVE")
    assert any(line.startswith("to postgres 127.0.0.1:") for line in lines)
    assert any("held at" in line and "in charge" in line for line in lines)
    assert "its agent was asked" in lines[-2] + lines[-1]


def test_the_database_is_asked_and_its_sessions_are_joined(
    holding: int, dsn: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_DSN", dsn)
    _, document = answered(capsys, str(holding), "--for", "0s", "--postgres", "env:OUR_DSN")
    (finding,) = [each for each in document["findings"] if each["detector"] == "idle_in_transaction"]
    assert sum(finding["evidence"]["sessions"].values()) == 2
    assert finding["evidence"]["server_max_connections"] == 400


def test_stacks_show_what_waits_in_a_checkout(holding: int, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = answered(capsys, str(holding), "--for", "0s", "--stacks")
    assert "py-spy" in document["touched"] or document["unavailable"]


def test_python_looks_alike(holding: int) -> None:
    seen = leakdoc.connections(holding, for_s=0.0)
    assert [peer.peer_kind for peer in seen.peers if peer.direction == "out"] == ["postgres"]
    assert str(seen.diagnosis.decision) == "inconclusive"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nonesuch"], 2, "not a target"),
        (["999999999"], 4, "there is no process"),
        (["{pid}", "--postgres", "postgresql://me:secret@db/x"], 2, "by reference"),
        (["{pid}", "--postgres", "env:LEAKDOC_NOT_SET"], 2, "is not set"),
        (["{pid}", "--postgres", "file:/nonesuch/dsn"], 2, "cannot be read"),
        (["{pid}", "--postgres", "env:NOBODY_THERE"], 4, "cannot be asked"),
        (["{pid}", "--mysql", "mysql://me:secret@db/x"], 2, "by reference"),
        (["{pid}", "--mysql", "env:NOBODY_THERE"], 2, "no address of such a server"),
        (["{pid}", "--mysql", "env:NO_MYSQL"], 4, "MySQL cannot be asked"),
        (["{pid}", "--redis", "env:NO_REDIS"], 4, "Redis cannot be asked"),
        (["{pid}", "--redis", "env:NO_PORT"], 2, "no address of such a server"),
        (["{pid}", "--children", "--objects"], 2, "is several processes"),
        (["{pid}", "--policy", "pool.nonesuch=1"], 2, "no such policy field"),
        (["{pid}", "--policy", "churn.rate=fast"], 2, "not a rate"),
        (["{pid}", "--record", "/nonesuch/x.leakdoc"], 4, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_or_two(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOBODY_THERE", "postgresql://me:hunter2@127.0.0.1:1/x?connect_timeout=2")
    monkeypatch.setenv("NO_MYSQL", "mysql+pymysql://me:hunter2@127.0.0.1:1")
    monkeypatch.setenv("NO_REDIS", "redis://:hunter2@127.0.0.1:1/0")
    monkeypatch.setenv("NO_PORT", "redis://:hunter2@127.0.0.1:port/0")
    words = [word.format(pid=os.getpid()) for word in words]
    assert main(["connections", *words, "--for", "0s", "--quiet"]) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert len(captured.err.splitlines()) <= 2
    assert "hunter2" not in captured.err and "secret@" not in captured.err
    assert not captured.out


@pytest.mark.soak
def test_the_programs_are_judged_as_they_should_be() -> None:
    from benchmarks.connections.__main__ import main as judge_all

    assert judge_all([]) == 0


@pytest.mark.parametrize("step", ["find_unclosed_connections", "find_exhausted_pool"])
@pytest.mark.parametrize(("server", "name"), [("mysql", "MySQL"), ("redis", "Redis"), ("postgres", "PostgreSQL")])
def test_a_step_asks_every_database_that_the_command_asks(
    step: str, server: str, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = {"postgres": "postgresql"}.get(server, server)
    monkeypatch.setenv("NOBODY_THERE", f"{scheme}://me:hunter2@127.0.0.1:1")
    values = [f"target={os.getpid()}", "for=0s", f"{server}=env:NOBODY_THERE"]
    words = [word for value in values for word in ("-p", value)]
    assert main(["step", "run", step, *words]) == 4
    captured = capsys.readouterr()
    assert f"{name} cannot be asked" in captured.out + captured.err
    assert "hunter2" not in captured.out + captured.err
