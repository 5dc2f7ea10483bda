"""The exporter on real processes, scraped as a Prometheus scrapes it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from leakdoc.cli.exporter_followers import Follower
from tests.integration.conftest import PROGRAMS, Start
from tests.program import Program

PATIENCE_S = 60.0


@contextmanager
def exporter(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run an exporter on a free port; give it, and its address."""
    command = [sys.executable, "-m", "leakdoc", "exporter", *arguments, "--listen", "127.0.0.1:0"]
    process = Program(command, stderr=subprocess.PIPE, text=True)
    try:
        address = re.search(r"http://\S+", process.line(process.stderr))
        assert address is not None
        yield process, address[0]
    finally:
        process.end()


def scrape(address: str) -> dict[tuple[str, str, str], float]:
    """Return the samples by name, pid and kind."""
    with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
        text = answer.read().decode()
    return {
        (sample.name, sample.labels.get("pid", ""), sample.labels.get("kind", "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def until_sampled(address: str, pids: set[str]) -> dict[tuple[str, str, str], float]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = scrape(address)
        if pids <= {pid for name, pid, _ in found if name == "leakdoc_rss_bytes"}:
            return found
        assert time.monotonic() < deadline, "the processes are not served"


def test_what_is_sampled_is_served_under_its_name_and_ends_well(start: Start) -> None:
    pid = str(start("keeps_still.py").pid)
    with exporter(pid, "--interval", "50ms") as (process, address):
        found = until_sampled(address, {pid})
        assert found["leakdoc_rss_bytes", pid, ""] > 2**20
        assert found["leakdoc_cpu_seconds_total", pid, ""] >= 0
        assert found["leakdoc_page_faults_total", pid, "minor"] > 0
        assert found["leakdoc_process_start_time_seconds", pid, ""] > 1e9
        assert found["leakdoc_up", "", ""] == 1.0
        with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:
            assert f'leakdoc_up{{target="{pid}"}} 1.0' in answer.read().decode().splitlines()
        assert any(name == "process_resident_memory_bytes" for name, _, _ in found)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_each_worker_is_a_series_of_its_own() -> None:
    server = Program(
        [sys.executable, str(PROGRAMS / "prefork.py"), "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.line() == "ready\n"
        workers = {str(child.pid) for child in psutil.Process(server.pid).children()}
        with exporter(str(server.pid), "--children", "--interval", "50ms") as (_, address):
            found = until_sampled(address, workers | {str(server.pid)})
            assert found["leakdoc_total_processes", str(server.pid), ""] == 3.0
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["99999999"], 4, "no process with pid"),
        (["foo:bar"], 2, "not a target"),
        ([str(os.getpid()), "--listen", "here"], 2, "not an address"),
        ([str(os.getpid()), "--listen", "127.0.0.1:99999"], 2, "not an address"),
        ([str(os.getpid()), "--listen", "192.0.2.1:9877"], 4, "cannot listen"),
    ],
)
def test_what_cannot_be_exported_is_said_in_a_line_or_two(arguments: list[str], code: int, said: str) -> None:
    listen = [] if "--listen" in arguments else ["--listen", "127.0.0.1:0"]
    command = [sys.executable, "-m", "leakdoc", "exporter", *arguments, *listen]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Serving" not in done.stderr
    assert "Traceback" not in done.stderr


class StoppedSoon(threading.Event):
    """An event that is set once somebody has asked whether it is."""

    def is_set(self) -> bool:
        was = super().is_set()
        self.set()
        return was


def test_one_that_is_stopped_before_its_first_sample_has_nothing_wrong() -> None:
    follower = Follower(str(os.getpid()), children=False, interval_s=1.0, stop=StoppedSoon())
    follower.run()
    assert follower.error is None
