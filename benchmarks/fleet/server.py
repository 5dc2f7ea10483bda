"""A Prometheus for the benchmark, with the processor time that it spends."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    process: psutil.Process

    def cpu_s(self) -> float:
        """Processor seconds spent so far."""
        spent = self.process.cpu_times()
        return float(spent.user + spent.system)


@contextlib.contextmanager
def serving(data: Path) -> Iterator[Server]:
    """Run a Prometheus on blocks."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.NamedTemporaryFile(suffix=".yml") as config:
        command = [
            "prometheus", f"--config.file={config.name}", f"--storage.tsdb.path={data}", "--log.level=error",
            "--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        process = subprocess.Popen(command)
        try:
            url = f"http://127.0.0.1:{port}"
            _until_ready(url)
            yield Server(url, psutil.Process(process.pid))
        finally:
            process.kill()
            process.wait()


def _until_ready(url: str) -> None:
    until = time.monotonic() + 120.0
    while time.monotonic() < until:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError),
            urllib.request.urlopen(f"{url}/-/ready", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise SystemExit("prometheus did not start")
