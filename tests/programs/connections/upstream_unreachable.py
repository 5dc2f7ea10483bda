"""A client whose upstream has a full backlog and accepts nobody: connections hang in SYN_SENT."""

import os
import socket
import threading
import time


def work() -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", int(os.environ["FULL_PORT"])), timeout=600)
        except OSError:
            time.sleep(0.1)


for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)
