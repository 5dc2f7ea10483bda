"""A client that closes each connection two seconds after the server did: a few always stand in CLOSE_WAIT."""

import collections
import os
import socket
import time

kept: collections.deque[tuple[float, socket.socket]] = collections.deque()
print("ready", flush=True)
while True:
    connection = socket.create_connection(("127.0.0.1", int(os.environ["CLOSING_PORT"])))
    connection.sendall(b"hello\n")
    connection.recv(1)
    kept.append((time.monotonic(), connection))
    while kept and kept[0][0] < time.monotonic() - 2:
        kept.popleft()[1].close()
    time.sleep(0.25)
