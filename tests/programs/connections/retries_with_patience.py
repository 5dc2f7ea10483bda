"""A worker whose queue is down: it is refused at once, and tries again every two seconds."""

import socket
import time

with socket.create_server(("127.0.0.1", 0)) as gone:
    port = gone.getsockname()[1]
print("ready", flush=True)
while True:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        time.sleep(2)
