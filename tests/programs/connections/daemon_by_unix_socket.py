"""Asks a daemon by its Unix socket three times a second, a connection for each request, which is closed."""

import http.client
import os
import socket
import time


class Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["DAEMON_PATH"])


print("ready", flush=True)
while True:
    connection = Connection("daemon")
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()
    time.sleep(0.3)
