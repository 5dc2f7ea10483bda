"""Asks for a name ten times a second over UDP, by a socket of its own each time, which is closed."""

import os
import socket
import time

print("ready", flush=True)
while True:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("127.0.0.1", int(os.environ["UDP_PORT"])))
        asking.send(b"who")
        asking.recv(100)
    time.sleep(0.1)
