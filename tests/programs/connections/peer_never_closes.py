"""A connection for each of two requests a second, answered at once; the other side forgets to close its end."""

import os
import socket
import time

print("ready", flush=True)
while True:
    with socket.create_connection(("127.0.0.1", int(os.environ["FORGETFUL_PORT"]))) as asking:
        asking.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        asking.recv(4096)
    time.sleep(0.5)
