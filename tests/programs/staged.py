"""Staging: one build of the shop, in front until SIGTERM, and beside it a caller of its own: ``staged.py BUILD``.

``staged.py BUILD PROGRAM SETTINGS`` stages another service than the shop, with settings of its own; a fourth word says
how many callers it has.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

PROGRAM = Path(__file__).with_name(sys.argv[2] if len(sys.argv) > 2 else "shop.py")
CALLER = """
import socket, sys, threading, time

def call():
    while True:
        try:
            place = ("127.0.0.1", int(sys.argv[1]))
            with socket.create_connection(place) as connection, connection.makefile("rb") as lines:
                while True:
                    connection.sendall(b"GET / HTTP/1.1\\r\\nHost: staged\\r\\n\\r\\n")
                    length = 0
                    while (line := lines.readline()) != b"\\r\\n":
                        length = int(line[15:]) if line.lower().startswith(b"content-length:") else length
                    lines.read(length)
                    time.sleep(0.025)
        except OSError:
            time.sleep(0.05)

for _ in range(int(sys.argv[2]) - 1):
    threading.Thread(target=call, daemon=True).start()
call()
"""

settings = Path(tempfile.mkdtemp()) / "settings.json"
settings.write_text(sys.argv[3] if len(sys.argv) > 3 else "{}")
with socket.create_server(("127.0.0.1", 0)) as free:
    port = str(free.getsockname()[1])
subprocess.Popen([sys.executable, "-c", CALLER, port, sys.argv[4] if len(sys.argv) > 4 else "1"])
os.execv(sys.executable, [sys.executable, str(PROGRAM), "staged", sys.argv[1], str(settings), port])
