"""A server of the prefork kind: a master that holds the listening socket, and workers that it starts again.

Usage: prefork.py WORKERS. Prints ``ready`` and its port. Each worker takes 1 MiB for every connection that it accepts
and keeps it; one that is killed is replaced.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import NoReturn


def work(server: socket.socket) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    kept = []
    while True:
        connection, _ = server.accept()
        with connection:
            connection.recv(1)
            kept.append(bytearray(b"x") * (1 << 20))
            connection.sendall(str(os.getpid()).encode())


def start(server: socket.socket) -> int:
    pid = os.fork()
    if pid == 0:
        work(server)
    return pid


def main() -> None:
    server = socket.create_server(("127.0.0.1", 0))
    workers = {start(server) for _ in range(int(sys.argv[1]))}

    def end(*_: object) -> None:
        for pid in workers:
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
            workers.add(start(server))
        else:
            time.sleep(0.02)
    end()


if __name__ == "__main__":
    main()
