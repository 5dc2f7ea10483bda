"""A target with many sockets, looked at by arrays, in the kernel's own words."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from leakdoc.sampling.probes import connections
from leakdoc.sampling.probes.connections import ConnectionsProbe
from leakdoc.sampling.probes.reading import Reading, Standing
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sockets.sock_diag import NetlinkTable
from tests.program import Program


def columns(probe: ConnectionsProbe, now_s: float, port: int) -> dict[str, float]:
    reading = Reading(at=0.0, monotonic_s=now_s, standing=Standing())
    probe.read(reading)
    return {each.text: value for each, value in reading.values.items() if f":{port}" in each.text}


def test_sockets_are_counted_as_they_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MANY", 1)
    with ExitStack() as kept, socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def connect() -> socket.socket:
            ours = kept.enter_context(socket.create_connection(("127.0.0.1", port)))
            kept.enter_context(server.accept()[0])
            return ours

        probe = ConnectionsProbe(ProcessDirectory(os.getpid()))
        first = [connect() for _ in range(5)]
        came_in = f'connections{{direction="in",peer=":{port}",peer_kind="tcp",state="ESTABLISHED"}}'
        opened = f'connections_opened_total{{direction="in",peer=":{port}",peer_kind="tcp"}}'
        assert columns(probe, 0.0, port)[came_in] == 5.0
        assert type(probe._looking).__name__ == "OneByOne"
        again = columns(probe, 1.0, port)
        assert type(probe._looking).__name__ == "AllAtOnce"
        assert again[came_in] == 5.0
        assert again[opened] == 0.0
        connect()
        assert columns(probe, 2.0, port)[opened] == 1.0
        first[0].close()
        closed = columns(probe, 3.0, port)
        assert closed[f'connections{{direction="in",peer=":{port}",peer_kind="tcp",state="CLOSE_WAIT"}}'] == 1.0
        assert probe.peer_of_port(first[1].getsockname()[1]) is not None
        assert probe.peer_of(os.fstat(first[1].fileno()).st_ino) is not None


OPENS = """
import socket, sys
kept = []
for line in sys.stdin:
    kept.append(socket.create_connection(("127.0.0.1", int(line))))
    print("opened", flush=True)
"""


def test_what_others_open_to_the_same_peer_is_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MANY", 1)
    pipe = subprocess.PIPE
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as ours,
        Program([sys.executable, "-c", OPENS], stdin=pipe, stdout=pipe, text=True) as other,
    ):
        assert other.stdin is not None
        port = server.getsockname()[1]
        probe = ConnectionsProbe(ProcessDirectory(os.getpid()))
        elsewhere = f'connections_opened_elsewhere_total{{direction="out",peer="127.0.0.1:{port}",peer_kind="tcp"}}'
        for second in range(2):
            assert columns(probe, float(second), port)[elsewhere] == 0.0
        assert type(probe._looking).__name__ == "AllAtOnce"
        for count in (1, 2):
            other.stdin.write(f"{port}\n")
            other.stdin.flush()
            assert other.line() == "opened\n"
            assert columns(probe, 2.0 + count, port)[elsewhere] == count
        assert ours.fileno() >= 0
        other.stdin.close()


def test_the_kernel_tells_the_same_whichever_way_it_is_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as four, socket.create_server(("127.0.0.1", 0)) as other:
        ours = {each.getsockname()[1] for each in (four, other)}
        at_once, in_turn = NetlinkTable(), NetlinkTable()
        in_turn._is_at_once = False
        found = [{each.local_port for each in table.read()} & ours for table in (at_once, in_turn)]
        assert at_once._is_at_once
        assert found == [ours, ours]
        assert {each.local_port for each in at_once.read_state(10)} >= ours
