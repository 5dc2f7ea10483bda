"""Six connections whose other end goes away without a word, as a host that loses power does."""

import os
import socket
import time

kept = [socket.create_connection(("127.0.0.1", int(os.environ["VANISHING_PORT"]))) for _ in range(6)]
for each in kept:
    each.sendall(b"hello")
print("ready", flush=True)
while True:
    time.sleep(1)
