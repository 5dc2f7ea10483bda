"""A real gunicorn with eight threads, each of which comes to wait for an upstream that does not answer."""

import os
import urllib.request

from gunicorn.app.base import BaseApplication


def charge(environ: dict[str, str], start_response: object) -> list[bytes]:
    with urllib.request.urlopen(f"http://127.0.0.1:{os.environ['STALLED_FOURTH_PORT']}/") as answer:
        body = answer.read()
    start_response("200 OK", [("Content-Length", str(len(body)))])  # type: ignore[operator]
    return [body]


class Application(BaseApplication):
    def load_config(self) -> None:
        self.cfg.set("bind", "127.0.0.1:0")
        self.cfg.set("threads", 8)
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("timeout", 600)
        self.cfg.set("loglevel", "critical")
        self.cfg.set("post_worker_init", told)

    def load(self) -> object:
        return charge


def told(worker: object) -> None:
    port = worker.sockets[0].sock.getsockname()[1]  # type: ignore[attr-defined]
    print("ready", port, os.getpid(), flush=True)


Application().run()
