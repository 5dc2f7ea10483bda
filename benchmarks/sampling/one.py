"""One process: the resident-memory read and the descriptor count, against psutil and the C floor."""

from __future__ import annotations

import os
import subprocess
from functools import partial

import psutil

from benchmarks.sampling.figures import cost_s, in_turns, tell_ratio
from benchmarks.sampling.floor import compiled
from benchmarks.sampling.sockets import target_with
from leakdoc.sampling.probes.descriptors import DescriptorsProbe
from leakdoc.sampling.probes.memory import StatmProbe
from leakdoc.sampling.probes.reading import Reading, Standing
from leakdoc.sampling.procfs import ProcessDirectory

TIMES = 5_000
MICROSECONDS = ("µs", 1e6)


def compare_memory() -> None:
    """Print the figures of the resident-memory read."""
    pid = os.getppid()
    probe, kept = StatmProbe(ProcessDirectory(pid)), psutil.Process(pid)
    with compiled() as program:
        measures = {
            "ours": partial(cost_s, probe.resident_bytes, TIMES),
            "psutil": partial(cost_s, kept.memory_info, TIMES),
            "private": partial(cost_s, kept.memory_full_info, 20),
        }
        if program is not None:
            measures["floor"] = partial(_floor, program, pid)
        found = in_turns(measures)
    tell_ratio(
        "resident memory against psutil memory_info, kept", found["psutil"], found["ours"], ">= 6x", MICROSECONDS
    )
    tell_ratio("private memory against psutil memory_full_info", found["private"], found["ours"], "-", MICROSECONDS)
    if "floor" in found:
        tell_ratio("resident memory, ours against the C floor", found["ours"], found["floor"], "<= 2x", MICROSECONDS)


def _floor(program: str, pid: int) -> float:
    done = subprocess.run([program, "read", str(pid), str(TIMES)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def compare_descriptors(sockets: int) -> None:
    """Print the figure of the descriptor count."""
    with target_with(sockets) as pid:
        probe, kept = DescriptorsProbe(ProcessDirectory(pid)), psutil.Process(pid)

        def ours() -> None:
            probe.read(Reading(at=0.0, monotonic_s=0.0, standing=Standing()))

        found = in_turns({"ours": partial(cost_s, ours, 500), "psutil": partial(cost_s, kept.num_fds, 3)})
    title = f"descriptor count, {sockets:,} open, against num_fds"
    tell_ratio(title, found["psutil"], found["ours"], ">= 1,000x at 19,000", MICROSECONDS)
