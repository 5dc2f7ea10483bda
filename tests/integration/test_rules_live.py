"""`leakdoc rules` in a real Prometheus: floors of the past made by promtool, alerts set off by what leaks alone."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from tests.fleet_samples import MIB, Points
from tests.prometheus_server import PATIENCE_S, binary, filled, serving_prometheus

pytestmark = pytest.mark.xdist_group("prometheus")
HOURS = 16
LEAKS = ("LeakdocProcessMemoryGrows", "leaks"), ("LeakdocContainerMemoryGrows", "shop/api-1/web")
SOON = "LeakdocContainerOutOfMemorySoon", "shop/api-1/web"


def samples(now: float) -> dict[str, Points]:
    """Processes and containers until now, and not beyond: no alert is kept from before the end of a block."""
    times = [now - HOURS * 3600.0 + 60.0 * at for at in range(HOURS * 60)]

    def line(rate: float) -> Points:
        return [(at, round((200 + rate * row) * MIB)) for row, at in enumerate(times)]

    filling = [(at, round((400 - 200 * 0.993**row) * MIB)) for row, at in enumerate(times)]
    found: dict[str, Points] = {}
    for name, course in (("leaks", line(0.1)), ("flat", line(0.0)), ("fills", filling)):
        process = f'job="svc",instance="{name}"'
        found[f"process_resident_memory_bytes{{{process}}}"] = course
        found[f"process_start_time_seconds{{{process}}}"] = [(at, times[0] - 60.0) for at in times]
    for pod, course in (("api-1", line(0.1)), ("api-2", line(0.0))):
        container = f'namespace="shop",pod="{pod}",container="web",id="/{pod}",image="api:1"'
        found[f"container_memory_rss{{{container}}}"] = course
        found[f"container_start_time_seconds{{{container}}}"] = [(at, times[0] - 60.0) for at in times]
        found[f"container_spec_memory_limit_bytes{{{container}}}"] = [(at, 400.0 * MIB) for at in times]
    return found


def rules(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The rules as they are printed, evaluated every second, and without the time that alerts wait."""
    assert main(["rules"]) == 0
    text = capsys.readouterr().out.replace("interval: 5m", "interval: 1s")
    for pending in ("30m", "15m", "5m"):
        text = text.replace(f"for: {pending}", "for: 0s")
    file = folder / "leakdoc.rules.yml"
    file.write_text(text)
    return file


def backfilled(url: str, file: Path, now: float, folder: Path) -> Path:
    """Make blocks of what the recording rules would have recorded, as promtool does."""
    made = folder / "made"
    start, end = now - HOURS * 3600.0 + 4000.0, now - 60.0
    command = [
        binary("promtool"), "tsdb", "create-blocks-from", "rules", f"--start={start:.0f}", f"--end={end:.0f}",
        "--eval-interval=5m", f"--url={url}", f"--output-dir={made}", str(file),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr
    return made


def firing(url: str) -> set[tuple[str, str]]:
    with urllib.request.urlopen(f"{url}/api/v1/alerts", timeout=PATIENCE_S) as answer:
        alerts = json.load(answer)["data"]["alerts"]
    return {(each["labels"]["alertname"], called(each["labels"])) for each in alerts if each["state"] == "firing"}


def called(labels: dict[str, str]) -> str:
    return labels.get("instance") or "/".join(labels[each] for each in ("namespace", "pod", "container"))


def until(is_so: Iterator[bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not next(is_so) and time.monotonic() < end:
        time.sleep(0.2)


def test_alerts_fire_for_what_leaks_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = time.time()
    file, data = rules(tmp_path, capsys), filled(tmp_path, samples(now))
    with serving_prometheus(tmp_path, data) as url:
        made = backfilled(url, file, now, tmp_path)
    for block in made.iterdir():
        shutil.move(block, data / block.name)
    with serving_prometheus(tmp_path, data, config=f"rule_files: ['{file}']") as url:
        until(firing(url) == {*LEAKS, SOON} for _ in iter(int, 1))
        assert firing(url) == {*LEAKS, SOON}
