"""Verdicts over HTTP: always JSON, nothing outside of the folder, nothing written, nobody without the right to ask."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from leakdoc.cli.http.folder import Folder
from leakdoc.cli.http.server import Server
from leakdoc.cli.main import main
from leakdoc.verification.verify import verify
from leakdoc.verification.write import write_proof
from tests.integration.test_verification_cli import csv
from tests.program import Program, serving
from tests.unit.verification_scenes import LATER, ages, leaky, sound


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    csv(root / "before.csv", leaky(ages()))
    csv(root / "after.csv", sound(ages()))
    csv(root / "unfixed.csv", leaky(ages(), at=LATER))
    csv(root / "whole.csv", leaky(ages()), sound(ages()))
    (root / "bad.csv").write_text("time,rss_bytes\n1,x\n", encoding="utf-8")
    (root / ".hidden").write_text("secret", encoding="utf-8")
    write_proof(verify(leaky(ages()), sound(ages())), root / "proof.json")
    outside = tmp_path_factory.mktemp("outside") / "other.csv"
    csv(outside, leaky(ages()))
    (root / "link.csv").symlink_to(outside)
    return root


@pytest.fixture(scope="module")
def server(folder):
    made = Server(("127.0.0.1", 0), Folder(folder), token=None, tell=lambda line: None)
    with serving(made):
        yield made


def ask(server, path, *, method="GET", headers=None):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=60)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert answer.getheader("Content-Type") == "application/json; charset=utf-8"
    return answer, json.loads(body) if body else None


@pytest.mark.parametrize(
    ("path", "schema", "decision", "code"),
    [
        ("/diagnose?file=before.csv", "leakdoc.diagnosis/1", "leaking", "1"),
        ("/verify?before=before.csv&after=after.csv", "leakdoc.proof/1", "normalized", "0"),
        ("/verify?before=before.csv&after=unfixed.csv", "leakdoc.proof/1", "not_fixed", "1"),
        ("/verify?before=whole.csv", "leakdoc.proof/1", "normalized", "0"),
        ("/recheck?file=proof.json", "leakdoc.recheck/1", "normalized", "0"),
    ],
)
def test_verdicts_are_those_of_the_commands(server, path, schema, decision, code):
    answer, document = ask(server, path)
    assert answer.status == 200
    assert (document["schema"], document["decision"]) == (schema, decision)
    assert answer.getheader("Leakdoc-Exit-Code") == code


def test_files_are_listed_without_hidden_ones(server):
    _, document = ask(server, "/files")
    assert {"before.csv", "proof.json"} <= set(document["files"])
    assert ".hidden" not in document["files"]


@pytest.mark.parametrize("path", ["/", "/health"])
def test_it_says_what_there_is(server, path):
    answer, document = ask(server, path)
    assert (answer.status, document["schema"]) == (200, "leakdoc.serve/1")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/diagnose", 400),
        ("/diagnose?file=", 400),
        ("/diagnose?file=before.csv&x=1", 400),
        ("/diagnose?file=no.csv&file=before.csv", 400),
        ("/diagnose?file=no.csv", 404),
        ("/diagnose?file=../outside", 404),
        ("/diagnose?file=/etc/passwd", 404),
        ("/diagnose?file=link.csv", 404),
        ("/diagnose?file=%00", 404),
        ("/diagnose?file=bad.csv", 422),
        ("/recheck?file=before.csv", 422),
        ("/verify?before=before.csv", 400),
        ("/verify?before=whole.csv&rollout_at=soon", 400),
        ("/verify?before=before.csv&after=after.csv&load=nothing", 400),
        ("/diagnose?" + "&".join(f"a{number}=1" for number in range(50)), 500),
    ],
)
def test_what_is_refused_is_refused_in_json(server, path, status):
    answer, document = ask(server, path)
    assert answer.status == (status if status != 500 else answer.status)
    assert answer.status >= 400
    assert document["schema"] == "leakdoc.error/1"
    assert document["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_nothing_but_reading_is_answered(server, method):
    answer, document = ask(server, "/files", method=method)
    assert answer.status == 405
    assert "changes nothing" in document["error"]


def test_head_has_no_body(server):
    answer, document = ask(server, "/health", method="HEAD")
    assert (answer.status, document) == (200, None)


def test_malformed_request_is_answered_in_json(server):
    with socket.create_connection(server.server_address[:2], timeout=60) as raw:
        raw.sendall(b"GET / HTTP/9.9\r\n\r\n")
        said = raw.makefile("rb").read()
    assert json.loads(said.partition(b"\r\n\r\n")[2])["schema"] == "leakdoc.error/1"


def test_page_of_somebody_else_cannot_ask_under_a_name_of_its_own(server):
    answer, _ = ask(server, "/files", headers={"Host": "evil.example"})
    assert answer.status == 401


def test_token_is_asked_of_everybody(folder):
    told: list[str] = []
    made = Server(("127.0.0.1", 0), Folder(folder), token="t0ken", tell=told.append)
    with serving(made):
        assert ask(made, "/health")[0].status == 401
        assert ask(made, "/health", headers={"Authorization": "Bearer wrong"})[0].status == 401
        right = {"Authorization": "Bearer t0ken", "Host": "elsewhere.example"}
        assert ask(made, "/health", headers=right)[0].status == 200
    assert len(told) == 3
    assert not any("t0ken" in line for line in told)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/nowhere"], "is no folder"),
        ([".", "--listen", "0.0.0.0:8787"], "no token is asked for"),
        ([".", "--listen", "0.0.0.0:8787"], "as env:NAME or file:PATH"),
        ([".", "--listen", "nonsense"], "no address"),
        ([".", "--token", "hunter2"], "never itself"),
        ([".", "--token", "env:LEAKDOC_NO_SUCH"], "there is no token"),
        ([".", "--token", "file:/nowhere"], "cannot be read"),
    ],
)
def test_wrong_command_line_is_refused(words, said, capsys):
    try:
        code = main(["serve", *words])
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert said in capsys.readouterr().err


def test_command_serves_until_it_is_stopped(folder):
    process = Program(
        [sys.executable, "-m", "leakdoc", "serve", str(folder), "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    line = process.line()
    port = int(line.rpartition(":")[2].strip().strip("/"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/health")
    assert json.loads(connection.getresponse().read())["status"] == "ok"
    connection.close()
    process.terminate()
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert Path(folder).is_dir()
