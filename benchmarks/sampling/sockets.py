"""A target with many sockets: the full view with idle ages, warm, against psutil."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psutil

from benchmarks.sampling.figures import cost_s, in_turns, tell_ratio
from leakdoc.sampling.probes.connections import ConnectionsProbe
from leakdoc.sampling.probes.reading import Reading, Standing
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sockets.sock_diag import NetlinkTable
from leakdoc.sampling.sockets.tcp import CLOSE_WAIT

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
MILLISECONDS = ("ms", 1e3)


@contextmanager
def target_with(sockets: int) -> Iterator[int]:
    """Start a process with so many sockets, connected to itself."""
    command = [sys.executable, "-c", HOLDS, str(sockets)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", "raise the limit of open files: ulimit -n"
        try:
            yield process.pid
        finally:
            process.kill()


def compare_sockets(sockets: int) -> None:
    """Print the figures of the whole view, and of one state."""
    with target_with(sockets) as pid:
        probe, kept = ConnectionsProbe(ProcessDirectory(pid)), psutil.Process(pid)
        clock = iter(range(10**6))

        def ours() -> None:
            probe.read(Reading(at=0.0, monotonic_s=next(clock) / 1e3, standing=Standing()))

        ours()  # the first look reads every descriptor's link, once
        ours()  # the second loads numpy, once
        psutils = partial(kept.net_connections, "tcp")
        closed_by_peer = partial(NetlinkTable().read_state, CLOSE_WAIT)
        measures = {
            "ours": partial(cost_s, ours, 2),
            "only": partial(cost_s, closed_by_peer, 2),
            "psutil": partial(cost_s, psutils, 1),
        }
        found = in_turns(measures, rounds=5)
    title = f"{sockets:,} sockets, full view with idle ages, warm"
    tell_ratio(title, found["psutil"], found["ours"], ">= 6x at 19,000", MILLISECONDS)
    title = f"{sockets:,} sockets, those in CLOSE_WAIT only"
    tell_ratio(title, found["psutil"], found["only"], ">= 50x at 19,000", MILLISECONDS)
