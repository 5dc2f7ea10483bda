"""TLS callers whose peer says goodbye and closes; they answer the goodbye, and never close the socket."""

import contextlib
import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

place = Path(tempfile.mkdtemp(prefix="tls-"))
command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
subprocess.run([*command, "-keyout", place / "key", "-out", place / "cert"], check=True, capture_output=True)
listening = socket.create_server(("127.0.0.1", 0))


def bid_farewell(client: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / "cert", place / "key")
    with context.wrap_socket(client, server_side=True) as talking:
        talking.recv(100)
        talking.sendall(b"ok")
        talking.unwrap()


parent = os.getpid()
if not os.fork():
    listening.settimeout(1)
    while os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            threading.Thread(target=bid_farewell, args=(listening.accept()[0],), daemon=True).start()
    os._exit(0)
port = listening.getsockname()[1]
listening.close()
trusting = ssl.create_default_context(cafile=place / "cert")
kept = []
print("ready", flush=True)
while True:
    calling = trusting.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
    calling.sendall(b"hello")
    calling.recv(100)
    kept.append((calling.unwrap(), calling))
    time.sleep(0.4)
