"""What sampling costs beside psutil, in one run on one machine. Read the ratios: machines are noisy.

Run: ``python -m benchmarks.sampling [SOCKETS]``; 2,000 by default, and more may need a higher ``ulimit -n``.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from leakdoc.sampling.probes.connections import ConnectionsProbe
from leakdoc.sampling.probes.descriptors import DescriptorsProbe
from leakdoc.sampling.probes.memory import StatmProbe
from leakdoc.sampling.probes.reading import Probe, Reading, Standing
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.target import resolve
from leakdoc.testing.clock import FakeClock

SOCKETS = 2_000
SAMPLES = 60
ROUNDS = 5

HOLDS = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0), backlog=4096)
kept = []
for _ in range(int(sys.argv[1]) // 2):
    kept.append(socket.create_connection(server.getsockname()))
    kept.append(server.accept()[0])
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def target_with(sockets: int) -> Iterator[int]:
    command = [sys.executable, "-c", HOLDS, str(sockets)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", "raise the limit of open files: ulimit -n"
    yield process.pid
    process.communicate()


def cost_s(jobs: dict[str, Callable[[], object]], times: int) -> dict[str, float]:
    """Return the processor time of each job, seconds a call: the best of rounds in which they take turns."""
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            before = time.thread_time()
            for _ in range(times):
                job()
            best[name] = min(best[name], (time.thread_time() - before) / times)
    return best


def read(probe: Probe) -> Callable[[], object]:
    return lambda: probe.read(Reading(at=0.0, monotonic_s=0.0, standing=Standing()))


def compare(title: str, ours: Callable[[], object], psutils: Callable[[], object], times: int) -> None:
    cost = cost_s({"ours": ours, "psutil": psutils}, times)
    ratio = cost["psutil"] / cost["ours"]
    print(
        f"{title:<44} ours {cost['ours'] * 1e6:>10,.1f} µs  psutil {cost['psutil'] * 1e6:>10,.1f} µs  {ratio:>8,.1f}x"
    )


def our_watch(pid: int) -> Callable[[], object]:
    clock = FakeClock()

    def watch() -> None:
        samples = Sampler(resolve(str(pid)), clock=clock).iter_samples(1.0, threading.Event())
        for _ in range(SAMPLES):
            next(samples)

    return watch


def psutil_watch(pid: int) -> Callable[[], object]:
    def watch() -> None:
        process = psutil.Process(pid)
        for number in range(SAMPLES):
            process.memory_info(), process.cpu_times(), process.num_threads(), process.num_fds()
            process.net_connections("tcp")
            if number % 5 == 0:
                process.children()

    return watch


def compare_quiet_target() -> None:
    with target_with(0) as pid:
        kept, directory = psutil.Process(pid), ProcessDirectory(pid)
        statm = read(StatmProbe(directory))
        compare("resident memory, psutil.Process kept", statm, kept.memory_info, 2_000)
        compare("resident memory, psutil.Process made anew", statm, lambda: psutil.Process(pid).memory_info(), 2_000)
        compare("private memory, psutil memory_full_info", statm, kept.memory_full_info, 200)
        compare("a minute at 1 Hz, hardly a socket", our_watch(pid), psutil_watch(pid), 1)


def compare_busy_target(sockets: int) -> None:
    with target_with(sockets) as pid:
        kept, directory = psutil.Process(pid), ProcessDirectory(pid)
        compare(f"descriptors, {sockets:,} sockets open", read(DescriptorsProbe(directory)), kept.num_fds, 50)
        connections = read(ConnectionsProbe(directory))
        compare(f"connections, {sockets:,} sockets", connections, lambda: kept.net_connections("tcp"), 5)
        compare(f"a minute at 1 Hz, {sockets:,} sockets", our_watch(pid), psutil_watch(pid), 1)


if __name__ == "__main__":
    print(f"Processor time, the best of {ROUNDS} rounds in which the two take turns.")
    compare_quiet_target()
    compare_busy_target(int(sys.argv[1]) if len(sys.argv) > 1 else SOCKETS)
