"""What sampling does to its target: the latency of the target's own mmap and munmap while it is sampled at 10 Hz."""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable

import psutil

from benchmarks.sampling.figures import tell
from benchmarks.sampling.floor import compiled, running
from leakdoc.sampling.sampler import Sampler
from leakdoc.sampling.target import resolve

SIZE_MIB = 4_096
SECONDS = 8
ROUNDS = 3
HZ = 10


def compare_stall(size_mib: int = SIZE_MIB) -> None:
    """Print the 99.9th percentile of a target alone, sampled by leakdoc, and sampled by memory_full_info."""
    with compiled() as program:
        if program is None:
            return
        ways = {"alone": _nothing, "leakdoc": _leakdoc, "memory_full_info": _full_info}
        found: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                found[name].append(_slowest(program, size_mib, way))
    alone = statistics.median(found["alone"])
    for name, target in (("leakdoc", "<= 1.5x"), ("memory_full_info", "-")):
        slow = statistics.median(found[name])
        spread = f"{min(found[name]) * 1e3:.3f} to {max(found[name]) * 1e3:.3f} ms"
        title = f"a {size_mib:,} MiB target's mmap at p99.9, {name} at {HZ} Hz"
        tell(title, f"{slow / alone:9.2f}x  ({spread}; alone {alone * 1e3:.3f} ms)", target)


def _slowest(program: str, size_mib: int, way: Callable[[int, threading.Event], None]) -> float:
    with running(program, "stall", size_mib, SECONDS) as target:
        assert target.stdin is not None and target.stdout is not None
        stop = threading.Event()
        thread = threading.Thread(target=way, args=(target.pid, stop))
        thread.start()
        target.stdin.write("\n")
        target.stdin.flush()
        line = target.stdout.readline()
        stop.set()
        thread.join()
    return float(line.split()[2])


def _nothing(pid: int, stop: threading.Event) -> None:  # noqa: ARG001 - one of three ways
    stop.wait()


def _leakdoc(pid: int, stop: threading.Event) -> None:
    for _ in Sampler(resolve(str(pid))).iter_samples(1 / HZ, stop):
        pass


def _full_info(pid: int, stop: threading.Event) -> None:
    kept = psutil.Process(pid)
    while not stop.wait(1 / HZ):
        kept.memory_full_info()
