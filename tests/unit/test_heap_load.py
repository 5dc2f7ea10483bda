"""The load of a target is read from the counter that it serves itself, and growth is told a request too."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from leakdoc.attribution.load import LoadCounter
from leakdoc.errors import UsageError
from leakdoc.model.heap import HeapReport, LineGrowth, MemoryKind
from leakdoc.model.heap_document import heap_document
from leakdoc.model.subject import Subject
from leakdoc.reporting.heap_text import heap_lines
from tests.program import serving

TEXT = """# HELP http_requests_total Requests.
# TYPE http_requests_total counter
python_gc_objects_collected_total{generation="0"} 7
http_requests_total{method="GET",code="200"} 1.5e3
http_requests_total{method="POST",code="500"} 12 1700000000000
jobs_done_total 4 # {trace_id="a"} 1.0
"""


@pytest.fixture
def served() -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/metrics" else 404)
            self.end_headers()
            self.wfile.write(TEXT.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_address[1]}"


def test_the_first_counter_of_requests_is_taken_or_the_one_that_is_named(served: str) -> None:
    assert LoadCounter(f"{served}/metrics").read() == 1512
    assert LoadCounter(f"{served}/metrics#jobs_done_total").read() == 4


@pytest.mark.parametrize(("path", "why"), [("/metrics#none_total", "no counter none_total"), ("/other", "404")])
def test_what_cannot_be_read_is_an_error_of_the_system(served: str, path: str, why: str) -> None:
    with pytest.raises(OSError, match=why):
        LoadCounter(served + path).read()


@pytest.mark.parametrize("address", ["", "requests_total", "file:///etc/passwd", "http://user:secret@host/metrics"])
def test_what_is_no_address_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(UsageError, match="no address") as refused:
        LoadCounter(address)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("requests_per_s", "per_request"), [(50.0, 2048.0), (None, None)])
def test_growth_is_told_a_request_where_the_load_is_known(
    requests_per_s: float | None, per_request: float | None
) -> None:
    line = LineGrowth(file="shop.py", line=7, function="buy", grew_bytes=4e5, bytes_per_s=102_400.0)
    report = HeapReport(
        subject=Subject(kind="process", name="shop", pid=42),
        kind_of_memory=MemoryKind.PYTHON,
        reason="Python's own objects grow",
        explained=1.0,
        lines=(line,),
        growth={"rss_bytes": 102_400.0},
        requests_per_s=requests_per_s,
    )
    assert heap_document(report)["lines"][0]["bytes_per_request"] == per_request
    text = "\n".join(heap_lines(report))
    assert ("2 KiB a request" in text) == (per_request is not None)
    assert ("50 requests a second" in text) == (requests_per_s is not None)
