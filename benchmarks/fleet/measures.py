"""What is measured, one figure a function."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import requests

from benchmarks.fleet.data import END, METRIC, START
from benchmarks.fleet.server import Server
from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.fleet_scan import scan_fleet
from leakdoc.detection.policies import Policies
from leakdoc.detection.stats.batch import judge_many
from leakdoc.detection.stats.series import Series
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Facts
from leakdoc.sampling.assembly import LifeName, LooseRows, assemble
from leakdoc.sampling.sources.prometheus.access import access_of
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.fleet import Fleet, Window
from leakdoc.sampling.sources.prometheus.promql import of_name, one_of


class Scanned(NamedTuple):
    """One scan, as a process of its own."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    server_cpu_s: float


def scan(server: Server, hours: int, jobs: int = 1) -> Scanned:
    """Run ``leakdoc scan`` from start to end."""
    command = [
        sys.executable, "-m", "leakdoc", "scan", "--prometheus", server.url, "--until", str(END),
        "--since", f"{hours}h", "--jobs", str(jobs),
    ]  # fmt: skip
    spent, started = server.cpu_s(), time.perf_counter()
    usage, peak = watched(command)
    wall = time.perf_counter() - started
    return Scanned(wall, usage.ru_utime + usage.ru_stime, peak, server.cpu_s() - spent)


def watched(command: list[str]) -> tuple[resource.struct_rusage, float]:
    """Run a scan to its end; what it took, and the most that it held, in megabytes.

    What the kernel tells of a process that has ended counts this one too, from which it was forked.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    held = 0
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
            held = max(held, int(next(line for line in lines if line.startswith("VmHWM")).split()[1]))
        time.sleep(0.02)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3):
        raise SystemExit(f"the scan ended with {process.returncode}")
    return usage, held / 1024.0


def plain_query(server: Server, hours: int, step_s: int) -> tuple[float, float]:
    """Ask for everything by one ``query_range``, unparsed; wall and server processor seconds."""
    form = {"query": METRIC, "start": END - hours * 3600, "end": END - step_s, "step": step_s}
    spent, started = server.cpu_s(), time.perf_counter()
    answer = requests.post(f"{server.url}/api/v1/query_range", data=form, timeout=600, stream=True)
    answer.raise_for_status()
    for _ in answer.iter_content(2**20):
        pass
    return time.perf_counter() - started, server.cpu_s() - spent


class Peers(NamedTuple):
    """The usual way, for some series."""

    pulled_s: float
    tested_s: float
    cpu_s: float


def by_peers(server: Server, hours: int, step_s: int, hosts: list[str]) -> Peers:
    """Pull some series by prometheus-api-client and test each by pymannkendall."""
    import pymannkendall
    from prometheus_api_client import PrometheusConnect

    client = PrometheusConnect(url=server.url)
    started, spent = time.perf_counter(), time.process_time()
    matcher = "|".join(hosts)
    found = client.custom_query_range(
        f'{METRIC}{{instance=~"{matcher}"}}', datetime.fromtimestamp(END - hours * 3600, UTC),
        datetime.fromtimestamp(END - step_s, UTC), str(step_s),
    )  # fmt: skip
    pulled = time.perf_counter()
    for each in found:
        pymannkendall.original_test(np.array([float(value) for _, value in each["values"]]))
    return Peers(pulled - started, time.perf_counter() - pulled, time.process_time() - spent)


def disagreements(server: Server, hours: int, hosts: list[str]) -> tuple[int, int]:
    """Compare decisions of a scan with those of `diagnose` on raw samples; how many differ, and of how many."""
    window = Window(start=END - hours * 3600.0, end=float(END))
    with Prometheus(access_of(server.url, environment={})) as prometheus:
        matchers = [one_of("instance", hosts)]
        scanned = scan_fleet(Fleet(prometheus, built_in(), window, match=matchers))
        raw, starts = (
            {each.labels["instance"]: each for each in prometheus.raw([of_name(name), *matchers], *window_of(window))}
            for name in (METRIC, START)
        )
    found = {each.subject.name: each.decision for each in scanned.diagnoses}
    differ = 0
    for host, series in raw.items():
        life = np.zeros(len(series.times), dtype=np.intp)
        name = LifeName(started_at=float(starts[host].values[0])) if host in starts else LifeName()
        rows = LooseRows(times=series.times, life=life, lives=[name], columns={Column("rss_bytes"): series.values})
        trace = assemble(Subject(kind=SubjectKind.WORKLOAD, name=host), rows, Facts())
        differ += diagnose(trace).decision is not found[f"svc/{host}"]
    return differ, len(raw)


class ByMedians(NamedTuple):
    """A scan of a server that does not offer remote read, beside one of the same server that does."""

    wall_s: float
    server_cpu_s: float
    settled: int
    differ: int


def by_medians(server: Server, hours: int) -> ByMedians:
    """Scan with and without remote read; decisions that differ, and how many subjects medians settled."""
    window, found = Window(start=END - hours * 3600.0, end=float(END)), []
    with Prometheus(access_of(server.url, environment={})) as prometheus:
        for by_read in (True, False):
            spent, started = server.cpu_s(), time.perf_counter()
            fleet = Fleet(prometheus, built_in(), window)
            fleet.by_read = by_read
            scanned = scan_fleet(fleet)
            wall, cpu = time.perf_counter() - started, server.cpu_s() - spent
            found.append({each.subject.name: each for each in scanned.diagnoses})
    read, asked = found
    settled = sum(any("medians" in note for note in each.notes) for each in asked.values())
    differ = sum(each.decision is not read[name].decision for name, each in asked.items())
    return ByMedians(wall, cpu, settled, differ + len(read) - len(asked))


def window_of(window: Window) -> tuple[float, float]:
    """The ends of a window."""
    return window.start, window.end


def deciding(count: int, points: int) -> tuple[float, float, int]:
    """Judge series that are in memory, and test some by pymannkendall; processor seconds a series of either."""
    import pymannkendall

    from benchmarks.fleet.data import values_of

    times = END - 60.0 * np.arange(points)[::-1]
    life, started = np.zeros(points, dtype=np.intp), np.full(1, np.nan)
    series = [
        Series(
            times_s=times, values=values_of(at, points, np.random.default_rng((1, at))),
            life=life, life_started_s=started,
            unit="bytes",
        )
        for at in range(count)
    ]  # fmt: skip
    judge_many(series[:200], Policies().growth)
    begun = time.process_time()
    judge_many(series, Policies().growth)
    ours = (time.process_time() - begun) / count
    some = series[: max(count // 200, 20)]
    begun = time.process_time()
    for each in some:
        pymannkendall.original_test(each.values)
    return ours, (time.process_time() - begun) / len(some), len(some)
