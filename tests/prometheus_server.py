"""A real Prometheus on blocks that were filled beforehand, and a real VictoriaMetrics, while a test needs them."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.program import Program

PATIENCE_S = 60.0
END = 1_700_006_400.0  # where samples end: on the border of a block


def binary(name: str) -> str:
    """Return where a server is; a test that needs one that is not there is left out, and says so."""
    beside = Path(sys.prefix) / "servers" / "usr" / "bin" / name
    found = shutil.which(name) or (str(beside) if beside.exists() else None)
    if found is None:
        pytest.skip(f"{name} is not here: apt-get install -y {name.replace('promtool', 'prometheus')}")
    return found


def openmetrics(series: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Write series, by their names with labels, as the text that promtool reads."""
    lines = [
        f"{name} {'NaN' if value != value else value} {at}"
        for name, points in sorted(series.items())
        for at, value in points
    ]
    return "\n".join([*lines, "# EOF", ""])


def filled(folder: Path, series: Mapping[str, Sequence[tuple[float, float]]]) -> Path:
    """Make the blocks of a Prometheus out of series."""
    text = folder / "samples.om"
    text.write_text(openmetrics(series))
    data = folder / "data"
    command = [binary("promtool"), "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    return data


@contextlib.contextmanager
def serving_prometheus(folder: Path, data: Path, *options: str, config: str = "") -> Iterator[str]:
    """Run a Prometheus on blocks, and yield its address."""
    file = folder / "prometheus.yml"
    file.write_text(config)
    command = [
        binary("prometheus"), f"--config.file={file}", f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y", "--log.level=error", *options,
    ]  # fmt: skip
    with _serving(command, "--web.listen-address=127.0.0.1:{port}", "/-/ready") as url:
        yield url


@contextlib.contextmanager
def serving_victoria_metrics(folder: Path, *options: str) -> Iterator[str]:
    """Run an empty VictoriaMetrics, and yield its address."""
    command = [
        binary("victoria-metrics"),
        f"-storageDataPath={folder / 'vm'}",
        "-retentionPeriod=100y",
        "-loggerLevel=ERROR",
        *options,
    ]
    with _serving(command, "-httpListenAddr=127.0.0.1:{port}", "/health") as url:
        yield url


@contextlib.contextmanager
def _serving(command: list[str], listen: str, ready: str) -> Iterator[str]:
    for _ in range(5):  # a port that was free may be taken a moment later
        port = _free_port()
        process = Program([*command, listen.format(port=port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        url = f"http://127.0.0.1:{port}"
        try:
            if _is_ready(process, url + ready):
                yield url
                return
        finally:
            process.end()
    pytest.fail(f"{command[0]} did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_ready(process: subprocess.Popen[bytes], url: str) -> bool:
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < until:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(url, timeout=5) as answer,
        ):
            return bool(answer.status == 200)
        time.sleep(0.05)
    return False
