"""What a shop asks: ``python upstream.py FILE`` prints its port; FILE says how it answers, as JSON read anew each time.

``{"takes": 0.2}`` answers after that many seconds. With ``{"crowd": 10, "slow": 15}`` it answers after 15 s while ten
or more wait: overload from which it does not recover by itself. A caller that goes away is not waited for. With
``{"stalled": true}`` it answers nobody.
"""

from __future__ import annotations

import json
import select
import socket
import sys
import threading
import time
from pathlib import Path

FILE = Path(sys.argv[1])
waiting = 0
lock = threading.Lock()


def answer(caller: socket.socket) -> None:
    global waiting
    with caller:
        while caller.recv(64):
            with lock:
                waiting += 1
            try:
                if not wait_for_the_answer(caller):
                    return
                caller.sendall(b"42\n")
            except OSError:
                return
            finally:
                with lock:
                    waiting -= 1


def wait_for_the_answer(caller: socket.socket) -> bool:
    """Wait as long as the answer takes; false when the caller went away."""
    began = time.monotonic()
    while True:
        now = json.loads(FILE.read_text())
        is_slow = waiting >= now.get("crowd", 10**6)
        takes = now.get("slow", 0) if is_slow else now.get("takes", 0.02)
        if not now.get("stalled") and time.monotonic() - began >= takes:
            return True
        readable, _, _ = select.select([caller], [], [], 0.05)
        if readable and not caller.recv(1, socket.MSG_PEEK):
            return False


server = socket.create_server(("127.0.0.1", 0), backlog=512)
print(server.getsockname()[1], flush=True)
while True:
    caller, _ = server.accept()
    threading.Thread(target=answer, args=(caller,), daemon=True).start()
