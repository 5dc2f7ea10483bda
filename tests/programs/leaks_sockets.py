"""Opens a connection to the port given every 100 ms, sends a few bytes, and never closes it."""

import socket
import sys
import time

kept = []
print("ready", flush=True)
while True:
    kept.append(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
    kept[-1].sendall(b"hello")
    time.sleep(0.1)
