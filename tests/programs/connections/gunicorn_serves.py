"""A real gunicorn with eight threads that answers everybody, each after 300 ms of waiting."""

import os
import time

from gunicorn.app.base import BaseApplication


def charge(environ: dict[str, str], start_response: object) -> list[bytes]:
    time.sleep(0.3)
    start_response("200 OK", [("Content-Length", "2")])  # type: ignore[operator]
    return [b"ok"]


class Application(BaseApplication):
    def load_config(self) -> None:
        self.cfg.set("bind", "127.0.0.1:0")
        self.cfg.set("threads", 8)
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("loglevel", "critical")
        self.cfg.set("post_worker_init", told)

    def load(self) -> object:
        return charge


def told(worker: object) -> None:
    port = worker.sockets[0].sock.getsockname()[1]  # type: ignore[attr-defined]
    print("ready", port, os.getpid(), flush=True)


Application().run()
