"""A deployment: one public port, behind which one build of the shop runs at a time, and no request is lost.

``supervisor.py run NAME DIRECTORY BUILD`` serves until SIGTERM. ``supervisor.py deploy DIRECTORY BUILD`` puts another
build behind the port: it is started first, gets every new connection from then on, and the old one ends once its last
connection has. ``runs DIRECTORY BUILD`` exits with 0 or 1, ``current DIRECTORY`` prints the build, ``pid DIRECTORY``
its process; ``set DIRECTORY JSON`` merges settings and prints what held before. A setting ``program`` names another
service than the shop.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

SHOP = Path(__file__).with_name("shop.py")


class Backend:
    def __init__(self, name: str, build: str, directory: Path) -> None:
        self.build = build
        program = json.loads((directory / "settings.json").read_text()).get("program", SHOP.name)
        line = [sys.executable, str(SHOP.with_name(program)), name, build, str(directory / "settings.json")]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.open = 0
        self.quiet = threading.Condition()

    def end(self) -> None:
        with self.quiet:
            self.quiet.wait_for(lambda: self.open == 0, timeout=30)
        self.process.terminate()
        self.process.wait()


class Supervisor:
    def __init__(self, name: str, directory: Path, build: str) -> None:
        self.name, self.directory = name, directory
        self.lock = threading.Lock()
        self.backend = Backend(name, build, directory)
        self.public = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.control = socket.socket(socket.AF_UNIX)
        self.control.bind(str(directory / "control"))
        self.control.listen()
        threading.Thread(target=self.serve, daemon=True).start()
        threading.Thread(target=self.obey, daemon=True).start()
        (directory / "port").write_text(str(self.public.getsockname()[1]))

    def serve(self) -> None:
        while True:
            client, _ = self.public.accept()
            with self.lock:
                backend = self.backend
                backend.open += 1
            threading.Thread(target=self.carry, args=(client, backend), daemon=True).start()

    def carry(self, client: socket.socket, backend: Backend) -> None:
        try:
            with client, socket.create_connection(("127.0.0.1", backend.port)) as server:
                up = threading.Thread(target=pump, args=(client, server), daemon=True)
                up.start()
                pump(server, client)
                up.join(1)
        finally:
            with backend.quiet:
                backend.open -= 1
                backend.quiet.notify()

    def obey(self) -> None:
        while True:
            asker, _ = self.control.accept()
            with asker, asker.makefile("rw") as lines:
                word, _, rest = lines.readline().strip().partition(" ")
                print(getattr(self, f"on_{word}")(rest), file=lines, flush=True)

    def on_deploy(self, build: str) -> str:
        with (self.directory / "deploys.log").open("a") as log:
            log.write(f"{build}\n")
        new = Backend(self.name, build, self.directory)
        with self.lock:
            old, self.backend = self.backend, new
        old.end()
        return build

    def on_current(self, _: str) -> str:
        return self.backend.build

    def on_pid(self, _: str) -> str:
        return str(self.backend.process.pid)

    def end(self) -> None:
        self.backend.process.terminate()
        self.backend.process.wait()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def ask(directory: Path, words: str) -> str:
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(directory / "control"))
        with control.makefile("rw") as lines:
            print(words, file=lines, flush=True)
            return lines.readline().strip()


def main() -> int:
    word, *rest = sys.argv[1:]
    if word == "run":
        name, directory, build = rest
        supervisor = Supervisor(name, Path(directory), build)
        signal.signal(signal.SIGTERM, lambda *_: (supervisor.end(), os._exit(0)))
        print("ready", flush=True)
        threading.Event().wait()
    directory = Path(rest[0])
    if word == "runs":
        return 0 if ask(directory, "current") == rest[1] else 1
    if word == "set":
        file = directory / "settings.json"
        previous = json.loads(file.read_text())
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps({**previous, **json.loads(rest[1])}))
        beside.replace(file)
        print(json.dumps({"previous": previous}))
    elif word == "deploy":
        print(json.dumps({"revision": ask(directory, f"deploy {rest[1]}")}))
    else:
        print(ask(directory, word))
    return 0


if __name__ == "__main__":
    sys.exit(main())
