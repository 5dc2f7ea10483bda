"""A server of the prefork kind: a master that holds the listening socket, and workers that it starts again.

Usage: prefork.py WORKERS. Prints ``ready`` and its port. Each worker takes 1 MiB for every connection that it accepts
and keeps it; one that is killed is replaced. None outlives its master, however that ends: it would keep the pipe open
that the master's end is waited for by.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from typing import NoReturn

LOOK_S = 0.5
END = {signal.SIGTERM}


def work(server: socket.socket, master: int) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, END)
    kept = []
    server.settimeout(LOOK_S)
    while os.getppid() == master:
        try:
            connection, _ = server.accept()
        except TimeoutError:
            continue
        with connection:
            connection.settimeout(None)
            connection.recv(1)
            kept.append(bytearray(b"x") * (1 << 20))
            connection.sendall(str(os.getpid()).encode())
    os._exit(0)


def start(server: socket.socket, workers: set[int]) -> None:
    """Start a worker and note it; the end waits until that is done, or it would end all but this one."""
    master = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, END)
    pid = os.fork()
    if pid == 0:
        work(server, master)
    workers.add(pid)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, END)


def main() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    workers: set[int] = set()
    for _ in range(int(sys.argv[1])):
        start(server, workers)

    def end(*_: object) -> None:
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):  # it has ended, and was about to be forgotten
                os.kill(pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    print(server.getsockname()[1], flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        ended, _ = os.waitpid(-1, os.WNOHANG)
        if ended:
            workers.discard(ended)
            start(server, workers)
        else:
            time.sleep(0.02)
    end()


if __name__ == "__main__":
    main()
