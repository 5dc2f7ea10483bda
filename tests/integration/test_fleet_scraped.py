"""Real exporters scraped by a real Prometheus while a service leaks: every convention finds what it is for."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from leakdoc.cli.main import main
from tests.integration.conftest import PROGRAMS
from tests.integration.test_cli_exporter import exporter
from tests.program import Program
from tests.prometheus_server import PATIENCE_S, serving_prometheus

pytestmark = pytest.mark.xdist_group("prometheus-scrapes")
CONFIG = """
global: {scrape_interval: 500ms}
scrape_configs:
- job_name: found
  file_sd_configs: [{files: [targets.json], refresh_interval: 1s}]
"""


@contextlib.contextmanager
def service(kib: int) -> Iterator[tuple[int, str]]:
    """Run a service; give its pid, and where it is scraped."""
    command = [sys.executable, str(PROGRAMS / "scraped.py"), str(kib)]
    process = Program(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process.pid, f"127.0.0.1:{int(process.line())}"
    finally:
        process.end()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Scrape a service that leaks, one that does not, leakdoc's exporter on the first, and the Prometheus itself."""
    folder = tmp_path_factory.mktemp("scraped")
    with (
        service(32) as (pid, leaking), service(0) as (_, still),
        exporter(str(pid), "--interval", "200ms") as (_, beside),
        serving_prometheus(folder, folder / "data", config=CONFIG) as address,
    ):  # fmt: skip
        where = {"leaking": leaking, "still": still, "beside": beside.split("/")[2], "prometheus": address[7:]}
        told = [{"targets": [each], "labels": {"job": job}} for job, each in where.items()]
        (folder / "targets.json").write_text(json.dumps(told))
        yield address


def scanned(url: str, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """Scan what was scraped so far; subjects by the names that do not hold a port."""
    main(["scan", "--prometheus", url, "--since", "10m", "--json"])
    told = json.loads(capsys.readouterr().out or '{"diagnoses": []}')
    return {
        "/".join(part for part in each["subject"]["name"].split("/") if ":" not in part): each
        for each in told["diagnoses"]
    }


def test_a_leaking_service_is_found_while_it_is_scraped(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    until = time.monotonic() + 2 * PATIENCE_S
    found: dict[str, dict[str, Any]] = {}
    while time.monotonic() < until:
        found = scanned(url, capsys)
        if all(found.get(name, {}).get("decision") == "leaking" for name in ("leaking", "scraped")):
            break
        time.sleep(1.0)
    assert found["leaking"]["decision"] == "leaking"
    (growth,) = (each for each in found["leaking"]["findings"] if each["metric"] == "rss_bytes")
    assert growth["slope_per_hour"]["low"] > 2**30
    assert found["still"]["decision"] != "leaking"


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        ("still", {"rss_bytes", "open_fds"}),
        ("scraped", {"rss_bytes", "open_fds", "threads", "connections"}),
        ("prometheus", {"rss_bytes", "open_fds", "heap_bytes", "tasks"}),
    ],
)
def test_the_metrics_of_each_exporter_are_known(
    name: str, metrics: set[str], url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    until = time.monotonic() + PATIENCE_S
    read: set[str] = set()
    while not metrics <= read and time.monotonic() < until:
        read = {each["metric"] for each in scanned(url, capsys).get(name, {}).get("findings", ())}
        time.sleep(0.5)
    assert metrics <= read
