"""A listening socket for each transfer, as active FTP has them, and none is closed."""

import socket
import time

kept = []
print("ready", flush=True)
while True:
    kept.append(socket.create_server(("127.0.0.1", 0)))
    time.sleep(0.3)
