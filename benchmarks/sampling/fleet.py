"""A thousand processes at 1 Hz: what the whole sampler takes of a core and of memory, against the same by psutil."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from functools import partial

import psutil

from benchmarks.sampling.figures import cost_s, in_turns, tell, tell_ratio
from benchmarks.sampling.floor import compiled, running
from leakdoc.sampling.crew.sampler import CrewSampler
from leakdoc.sampling.samplers import sampler_of
from leakdoc.sampling.target import resolve

PROCESSES = 1_000
TICKS = 30
MILLISECONDS = ("ms", 1e3)


def compare_fleet() -> None:
    """Print the figures of the fleet."""
    with compiled() as program:
        if program is None:
            return
        with running(program, "herd", PROCESSES) as herd:
            _tell_live(herd.pid)
            _tell_against_psutil(herd.pid)


def _tell_live(pid: int) -> None:
    """Sample for real seconds in a process of its own, which tells its processor time and its memory."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sampling.fleet", str(pid)], check=True, capture_output=True, text=True
    )
    share, resident_mb = map(float, done.stdout.split())
    tell(f"{PROCESSES:,} processes at 1 Hz, of one core", f"{share:9.2%}", "<= 1 %")
    tell(f"{PROCESSES:,} processes at 1 Hz, resident", f"{resident_mb:7.1f} MB", "<= 30 MB")


def _tell_against_psutil(pid: int) -> None:
    sampler = sampler_of(resolve(str(pid), children=True))
    assert isinstance(sampler, CrewSampler)
    assert len(sampler.sample_all()) == PROCESSES + 1
    kept = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]

    def with_psutil() -> None:
        for each in kept:
            each.memory_info(), each.num_fds()

    measures = {"ours": partial(cost_s, sampler.sample_all, 3), "psutil": partial(cost_s, with_psutil, 3)}
    found = in_turns(measures, rounds=7)
    title = f"{PROCESSES:,} processes, a tick, against psutil on kept processes"
    tell_ratio(title, found["psutil"], found["ours"], ">= 4x", MILLISECONDS)


def live(pid: int) -> None:
    """Sample a tree at 1 Hz, and print the share of a core and the MB resident."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ticks = sampler_of(resolve(str(pid), children=True)).iter_ticks(1.0, threading.Event(), for_s=TICKS)
    next(ticks)
    cpu, began = time.process_time(), time.monotonic()
    for _ in ticks:
        pass
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    print(share, psutil.Process().memory_info().rss / 1e6)


if __name__ == "__main__":
    live(int(sys.argv[1]))
