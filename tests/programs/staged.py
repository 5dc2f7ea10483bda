"""Staging: one build of the shop under a load of its own, in front, until SIGTERM: ``staged.py BUILD``."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

settings = Path(tempfile.mkdtemp()) / "settings.json"
settings.write_text("{}")
line = [sys.executable, str(Path(__file__).with_name("shop.py")), "staged", sys.argv[1], str(settings)]
shop = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
port = int(shop.stdout.readline())
stopped = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stopped.set())
while not stopped.wait(0.025):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while connection.recv(4096):
            pass
shop.terminate()
shop.wait()
