"""Sends large bodies to a peer that takes its time to read them, four at once; all of them arrive."""

import os
import socket
import threading
import time


def send() -> None:
    while True:
        with socket.create_connection(("127.0.0.1", int(os.environ["SLOW_READER_PORT"]))) as sending:
            sending.sendall(bytes(20_000_000))
            sending.shutdown(socket.SHUT_WR)
            sending.recv(10)


for _ in range(4):
    threading.Thread(target=send, daemon=True).start()
print("ready", flush=True)
while True:
    time.sleep(1)
