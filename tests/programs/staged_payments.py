"""The demo's payments service in staging, in front, and beside it a load of its own: ``staged_payments.py BUILD``."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

with socket.create_server(("127.0.0.1", 0)) as free:
    port = str(free.getsockname()[1])
subprocess.Popen([sys.executable, "-m", "leakdoc.demo.load", "--port", port], stdin=subprocess.DEVNULL)
service = [sys.executable, "-m", "leakdoc.demo.payments", "--port", port, "--build", sys.argv[1]]
os.execv(sys.executable, service)
