"""Holds one of each: a Unix pair with a name, one whose peer has closed, files of one directory, a reading thread."""

import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

directory = Path(sys.argv[1])
path = str(directory / ".s.PGSQL.5432")
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(5)
clients, accepted = [], []
for _ in range(3):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    clients.append(client)
    accepted.append(server.accept()[0])
listener = socket.create_server(("127.0.0.1", 0))
stalled = socket.create_connection(listener.getsockname())
stalled.sendall(b"hello?")
answers_nothing = listener.accept()[0]
files = [tempfile.mkstemp(dir=directory, prefix="upload-")[0] for _ in range(12)]
for _ in range(5):
    number, name = tempfile.mkstemp(dir=directory)
    Path(name).unlink()
    files.append(number)
threading.Thread(target=stalled.recv, args=(1,), daemon=True).start()
gone = subprocess.Popen([sys.executable, "-c", ""])
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "close":
        accepted.pop().close()
    print("done", flush=True)
