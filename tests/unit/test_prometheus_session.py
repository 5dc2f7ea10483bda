"""Servers that are odd, busy, broken or hostile: a clear message each time, in bounded time, and no secret in it."""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from leakdoc.cli.main import main
from leakdoc.cli.prometheus_options import doubted, window_of
from leakdoc.detection.fleet_scan import scan_fleet
from leakdoc.errors import DamagedSource, SourceError, UnreadableSource, UsageError
from leakdoc.sampling.sources.prometheus import remote_read
from leakdoc.sampling.sources.prometheus.access import access_of
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.fleet import Fleet, Window
from leakdoc.sampling.sources.prometheus.limits import Limits
from leakdoc.sampling.sources.prometheus.promql import of_name
from leakdoc.sampling.sources.prometheus.refusals import TookTooLong, TooMuch
from leakdoc.sampling.sources.prometheus.session import BoundedSession
from tests.program import serving

QUICK = Limits(connect_s=5.0, stall_s=0.5, whole_s=2.0, largest_bytes=10_000, attempts=3, backoff_s=0.0)
STREAMED = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"
Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[tuple[str, list[Any]]]:
    """Serve one answer to everything; yield the address and the headers of what was asked."""
    asked: list[Any] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.do_GET()

        def do_GET(self) -> None:
            asked.append(self.headers)
            self.ended = ended
            answer(self)

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None: ...  # the other side hung up, as it should

    server = Server(("127.0.0.1", 0), Handler)
    with serving(server):
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            ended.set()


def says(body: bytes, *, status: int = 200, **headers: str) -> Answer:
    """Answer with a body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def refuses(status: int, kind: str, words: str) -> Answer:
    """Refuse as Prometheus does."""
    return says(json.dumps({"status": "error", "errorType": kind, "error": words}).encode(), status=status)


def stalls(handler: Any) -> None:
    """Send headers, and then nothing."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.ended.wait(30)


def trickles(handler: Any) -> None:
    """Send a byte at a time, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.ended.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def trickles_headers(handler: Any) -> None:
    """Send a header a byte at a time, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.ended.wait(0.02):
        handler.wfile.write(b"a")
        handler.wfile.flush()


def trickles_a_size(handler: Any) -> None:
    """Send the length of a piece a digit at a time, for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not handler.ended.wait(0.02):
        handler.wfile.write(b"0")
        handler.wfile.flush()


def streams_slowly(handler: Any) -> None:
    """Send what is no trickle, and has no end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.ended.wait(0.1):
        handler.wfile.write(b" " * 5_000)
        handler.wfile.flush()


def hangs_up(handler: Any) -> None:
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def made(url: str, limits: Limits = QUICK, **told: str) -> Prometheus:
    access = access_of(url, environment={}, **told)
    return Prometheus(access, limits, session=BoundedSession(access, limits, sleep=lambda seconds: None))


def vector(*, warnings: list[str] | None = None) -> bytes:
    result = [{"metric": {"job": "a"}, "value": [1.0, "2"]}]
    answer: dict[str, Any] = {"status": "success", "data": {"resultType": "vector", "result": result}}
    return json.dumps(answer | ({"warnings": warnings} if warnings else {})).encode()


ODD: list[tuple[Answer, str]] = [
    (says(b"<!DOCTYPE html><html>a page</html>"), "no Prometheus|a page"),
    (says(b"not json"), "no Prometheus|else than JSON"),
    (says(b"[1, 2]"), "no Prometheus"),
    (says(b"{}"), "no Prometheus"),
    (says(b'{"status": "success"}'), "no Prometheus|no data"),
    (says(b'{"status": "success", "data": 7}'), "no Prometheus|no matrix"),
    (
        says(b'{"status": "success", "data": {"resultType": "vector", "result": [{"metric": 3, "value": 1}]}}'),
        "no |a vector",
    ),
    (says(b"", status=401), r"wants to know who asks \(401"),
    (says(b"", status=403), r"does not allow"),
    (says(b"<html>nginx</html>", status=404), "no API of Prometheus"),
    (says(b"", status=302, Location="https://login.example/x"), "has moved to https://login.example/x"),
    (refuses(400, "bad_data", "parse error at char 3"), "parse error at char 3"),
    (refuses(422, "execution", "query processing would load too many samples"), "too many samples"),
    (refuses(503, "timeout", "query timed out in expression evaluation"), "timed out"),
    (says(b"overloaded", status=503), r"cannot answer now \(503"),
    (says(b"<html>bad gateway</html>", status=502), r"does not reach it \(502"),
    (says(b"[" * 10_000), "no Prometheus|else than JSON"),
    (says(b"slow down", status=429, Retry_After="1"), "too much to do"),
    (says(b"", status=504), r"did not answer in time \(504"),
    (stalls, "did not answer in time"),
    (trickles, "did not answer in time"),
    (trickles_headers, "did not answer in time"),
    (trickles_a_size, "did not answer in time"),
    (hangs_up, "cannot be reached"),
    (says(b" " * 20_000), "larger than"),
]


@pytest.mark.parametrize(("answer", "words"), ODD)
def test_an_odd_answer_is_told_in_one_sentence(answer: Answer, words: str) -> None:
    with answering(answer) as (url, _), made(url) as prometheus:
        for ask in (
            lambda: prometheus.query("up", 1.0),
            lambda: list(prometheus.raw([of_name("up")], 0.0, 1.0)),
        ):
            with pytest.raises(SourceError, match=words) as refused:
                ask()
            assert refused.value.exit_code == 4
            assert "\n" not in refused.value.message


def test_an_answer_without_an_end_is_cut_off() -> None:
    limits = Limits(stall_s=60.0, whole_s=1.0)
    with (
        answering(streams_slowly) as (url, _), made(url, limits) as prometheus,
        pytest.raises(TookTooLong, match="took longer than 1 s"),
    ):  # fmt: skip
        prometheus.query("up", 1.0)


@pytest.mark.parametrize("data", [b"7", b'{"a": 1}', b'"text"'])
def test_a_list_that_is_none_is_no_inventory(data: bytes) -> None:
    odd = answering(says(b'{"status": "success", "data": ' + data + b"}"))
    with odd as (url, _), made(url) as prometheus, pytest.raises(SourceError, match="no Prometheus"):
        prometheus.metric_names(0.0, 1.0)


@pytest.mark.parametrize("at", ["NaN", "Infinity", "-5", "1500", "5e12"])
def test_samples_of_another_time_than_was_asked_for_are_refused(at: str) -> None:
    result = f'[{{"metric": {{"job": "a"}}, "values": [[{at}, "2"]]}}]'
    body = f'{{"status": "success", "data": {{"resultType": "matrix", "result": {result}}}}}'
    with answering(says(body.encode())) as (url, _), made(url) as prometheus:
        for ask in (
            lambda: list(prometheus.raw([of_name("up")], 1000.0, 1100.0)),
            lambda: list(prometheus.range("up", 1000.0, 1100.0, 10.0)),
            lambda: prometheus.small_range("up", 1000.0, 1100.0, 10.0),
        ):
            with pytest.raises(SourceError, match=r"times of a series|another time|no matrix"):
                ask()


def test_a_server_that_recovers_is_asked_again() -> None:
    left = [503, 502, 200]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        status = left.pop(0)
        says(vector() if status == 200 else b"starting", status=status)(handler)

    with answering(answer) as (url, asked), made(url) as prometheus:
        assert prometheus.query("up", 1.0) == [({"job": "a"}, 2.0)]
    assert len(asked) == 3


@pytest.mark.parametrize("kind", ["execution", "422"])  # of Prometheus, Thanos and Mimir; of VictoriaMetrics
def test_what_a_server_will_not_compute_is_not_asked_again(kind: str) -> None:
    refusing = answering(refuses(422, kind, "too many samples"))
    with refusing as (url, asked), made(url) as prometheus, pytest.raises(TooMuch):
        prometheus.query("up", 1.0)
    assert len(asked) == 1


def test_waits_grow_and_are_heeded() -> None:
    waited: list[float] = []
    limits = Limits(attempts=4, backoff_s=1.0, longest_wait_s=5.0)
    with answering(says(b"busy", status=503, Retry_After="3600")) as (url, _):
        access = access_of(url, environment={})
        prometheus = Prometheus(access, limits, session=BoundedSession(access, limits, sleep=waited.append))
        with prometheus, pytest.raises(UnreadableSource):
            prometheus.query("up", 1.0)
    assert waited == [5.0, 5.0, 5.0]


def test_nobody_listens() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as free:
        port = free.server_address[1]
    with made(f"http://127.0.0.1:{port}") as prometheus, pytest.raises(UnreadableSource, match="cannot be reached"):
        prometheus.query("up", 1.0)


def test_a_server_without_tls_is_told_from_one_that_nobody_vouches_for() -> None:
    plain = answering(says(vector()))
    with (
        plain as (url, _), made(url.replace("http:", "https:")) as prometheus,
        pytest.raises(UnreadableSource, match="does not speak TLS"),
    ):  # fmt: skip
        prometheus.query("up", 1.0)


def test_warnings_are_kept() -> None:
    with answering(says(vector(warnings=["no store API for eu-1"]))) as (url, _), made(url) as prometheus:
        prometheus.query("up", 1.0)
        assert prometheus.warnings == ("no store API for eu-1",)


@pytest.mark.parametrize(("ahead_s", "words"), [(3_600.0, " ahead of this"), (-3_600.0, " behind this"), (0.0, None)])
def test_clocks_that_differ_are_told(ahead_s: float, words: str | None) -> None:
    def answer(handler: Any) -> None:
        handler.date_time_string = lambda: formatdate(time.time() + ahead_s, usegmt=True)
        says(b'{"status": "success", "data": []}')(handler)

    with answering(answer) as (url, _), made(url) as prometheus:
        scanned = scan_fleet(Fleet(prometheus, built_in(), Window(start=0.0, end=1_000.0)))
    told = [note for note in scanned.notes if "clock" in note]
    assert len(told) == (words is not None)
    assert all(str(words) in note for note in told)


@pytest.mark.parametrize("fails", [False, True])
def test_doubts_are_told_whatever_comes_of_it(fails: bool, capsys: pytest.CaptureFixture[str]) -> None:
    late = formatdate(time.time() + 7_200.0, usegmt=True)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.date_time_string = lambda timestamp=None: late  # type: ignore[method-assign]
        says(vector(warnings=["a store is away"]))(handler)

    with answering(answer) as (url, _), contextlib.suppress(UsageError), doubted(made(url)) as prometheus:
        prometheus.query("up", 1.0)
        if fails:
            raise UsageError("no rollout")
    told = capsys.readouterr().err
    assert "Prometheus warns: a store is away" in told
    assert re.search(r"The clock of the Prometheus is \S+ \w+ ahead", told)


def test_loopback_is_asked_without_compression() -> None:
    with answering(says(vector())) as (url, asked), made(url) as prometheus:
        prometheus.query("up", 1.0)
    assert asked[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("told", "header", "value"),
    [
        ({"bearer_token": "env:TOKEN"}, "Authorization", "Bearer s3cr3t"),
        ({"username": "me", "password": "env:TOKEN"}, "Authorization", "Basic bWU6czNjcjN0"),
        ({"org_id": "team-a"}, "X-Scope-OrgID", "team-a"),
    ],
)
def test_who_asks_is_told(
    told: dict[str, str], header: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("default login other password wrong\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    with answering(says(vector())) as (url, asked):
        access = access_of(url, environment={"TOKEN": "s3cr3t"}, **told)
        with Prometheus(access) as prometheus:
            prometheus.query("up", 1.0)
    assert asked[0][header] == value
    assert "s3cr3t" not in repr(access)


def test_netrc_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("default login other password wrong\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with answering(says(vector())) as (url, asked), made(url) as prometheus:
        prometheus.query("up", 1.0)
    assert "Authorization" not in asked[0]


def test_secrets_are_read_from_files_and_a_configuration(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    config = tmp_path / "prometheus.toml"
    config.write_text(f'url = "http://p:9090/"\nbearer_token = "file:{tmp_path}/token"\norg_id = "a"\n')
    access = access_of(None, config=str(config), environment={})
    assert (access.url, access.bearer_token, access.org_id) == ("http://p:9090", "from-file", "a")


def test_the_command_line_wins_over_the_file_and_the_file_over_the_environment(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.toml"
    config.write_text('org_id = "of-file"\nurl = "http://of-file"\n')
    environment = {
        "LEAKDOC_PROMETHEUS_CONFIG": str(config), "LEAKDOC_PROMETHEUS_ORG_ID": "of-environment",
        "LEAKDOC_PROMETHEUS_BEARER_TOKEN": "t",
    }  # fmt: skip
    access = access_of("http://told", environment=environment)
    assert (access.url, access.org_id, access.bearer_token) == ("http://told", "of-file", "t")


@pytest.mark.parametrize(
    ("url", "told", "words"),
    [
        (None, {}, "no Prometheus is named"),
        ("localhost:9090", {}, "not the address"),
        ("ftp://host", {}, "not the address"),
        ("http://", {}, "not the address"),
        ("http://host:99999", {}, "not the address"),
        ("http://me:hunter2@host", {}, "holds a user name"),
        ("http://host/?token=hunter2", {}, "ends in a query"),
        ("http://host", {"bearer_token": "hunter2"}, "written out"),
        ("http://host", {"bearer_token": "env:NONE"}, "no variable"),
        ("http://host", {"bearer_token": "file:/nowhere/hunter2"}, "cannot be read"),
        ("http://host", {"username": "a"}, "needs a user name and a password"),
        ("http://host", {"username": "a", "password": "env:T", "bearer_token": "env:T"}, "both given"),
        ("http://host", {"key_file": "/etc/hostname"}, "key without a certificate"),
        ("http://host", {"ca_file": "/nowhere"}, "there is no file"),
        ("http://host", {"org_id": "a\r\nX-Evil: 1"}, "no header may hold"),
    ],
)
def test_wrong_access_is_a_wrong_command_line(url: str | None, told: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        access_of(url, environment={"T": "t"}, **told)
    assert "hunter2" not in str(refused.value) or "/nowhere/hunter2" in str(refused.value)


@pytest.mark.parametrize("text", ["not toml [", 'unknown = "x"\n', "url = 3\n", 'bearer_token = "written out"\n'])
def test_a_wrong_configuration_is_refused(text: str, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(text)
    with pytest.raises(UsageError):
        access_of("http://host", config=str(config), environment={})


def test_remote_read_that_is_not_offered_is_told_from_one_that_is_damaged() -> None:
    streamed = {"Content_Type": STREAMED}
    with answering(says(b"x", Content_Type="application/x-protobuf")) as (url, _), made(url) as prometheus:
        assert not remote_read.is_offered(prometheus)
    with answering(says(b"\x05\0\0\0\0abcde", **streamed)) as (url, _), made(url) as prometheus:
        assert not remote_read.is_offered(prometheus)
        with pytest.raises(DamagedSource, match="checksum"):
            list(remote_read.read(prometheus, [[of_name("up")]], 0.0, 1.0))


def test_a_server_that_did_not_stream_is_asked_again_a_while_later() -> None:
    answers = [says(b"x", Content_Type="application/x-protobuf"), says(b"", Content_Type=STREAMED)]
    asked: list[int] = []

    def one_then_the_other(handler: BaseHTTPRequestHandler) -> None:
        asked.append(1)
        answers[min(len(asked), 2) - 1](handler)

    with answering(one_then_the_other) as (url, _), made(url) as prometheus:
        told = [remote_read.is_offered(prometheus, lambda at=at: at) for at in (0.0, 500.0, 700.0, 90_000.0)]
    assert told == [False, False, True, True]
    assert len(asked) == 2


@pytest.mark.parametrize("answer", [says(b"<html>", status=200), says(b"", status=401), says(b"x", status=500)])
def test_a_scan_of_no_prometheus_says_so_and_ends(answer: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(answer) as (url, _):
        assert main(["scan", "--prometheus", url]) == 4
    told = capsys.readouterr()
    assert told.err.startswith("leakdoc: ") and "Traceback" not in told.err and "internal" not in told.err
    assert not told.out


@pytest.mark.parametrize("when", ["1764126720000", "-1e15", "1e300", "yesterday", "nan"])
@pytest.mark.parametrize("option", ["--until", "--at"])
def test_what_no_calendar_holds_is_no_time(when: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["postmortem", "--prometheus", "http://127.0.0.1:9", "--workload", "w", f"{option}={when}"])
    assert ended.value.code == 2
    assert "not a time" in capsys.readouterr().err


def test_a_window_longer_than_time_itself_begins_with_it() -> None:
    window = window_of(argparse.Namespace(until=1_700_000_000.0, since=1e13))
    assert (window.start, window.end) == (0.0, 1_700_000_000.0)
