"""``leakdoc exporter TARGET…``."""

from __future__ import annotations

import argparse
import re
import threading
from typing import TYPE_CHECKING, Final

from leakdoc.cli.options import positive_duration
from leakdoc.cli.output import tell
from leakdoc.cli.targets import allow_many_files
from leakdoc.cli.watching import ended_by_signals
from leakdoc.errors import LeakdocError, MissingDependency, UsageError
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.cli.exporter_followers import Follower

LISTEN: Final = "127.0.0.1:9877"
ENDS_WITHIN_S: Final = 10.0  # a follower whose disk does not answer ends with the process
_ADDRESS: Final = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^:\[\]]+)):([0-9]{1,5})")


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "Serves /metrics until it is stopped: every column that a watch samples, under\n"
        "its own name with leakdoc_ before it, labelled subject and pid, so that each\n"
        "worker is a series of its own. What is not there, or has ended, is looked for\n"
        "again every 15 s; a process that was named by its pid does not come back.\n\n"
        "examples:\n"
        "  leakdoc exporter :8000 --children\n"
        "  leakdoc exporter unit:shop container:3f2a9c1b --listen 0.0.0.0:9877"
    )
    parser.add_argument(
        "targets",
        metavar="TARGET",
        nargs="+",
        help="a pid, :PORT, name:PATTERN, cgroup:PATH, unit:NAME or container:ID",
    )
    parser.add_argument("--children", action="store_true", help="each with all that it has started")
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default=LISTEN, help=f"where to serve (default: {LISTEN}, this machine only)"
    )
    parser.add_argument(
        "--interval", type=positive_duration, default=1.0, metavar="TIME", help="between samples (default: 1s)"
    )


def execute(args: argparse.Namespace) -> int:
    """Sample, and serve, until it is stopped or nothing is left to sample."""
    from leakdoc.cli.exporter_followers import Follower

    host, port = _address(args.listen)
    allow_many_files()
    stop = threading.Event()
    followers = [Follower(text, children=args.children, interval_s=args.interval, stop=stop) for text in args.targets]
    server = _serve(host, port, followers)
    try:
        with ended_by_signals(stop.set):
            for follower in followers:
                follower.start()
            while not stop.is_set() and not all(each.has_looked.wait(0.1) for each in followers):
                pass
            if not all(each.gave_up for each in followers):
                tell(f"Serving http://{_shown(host)}:{server.server_port}/metrics")
            told: set[str] = set()
            while not stop.wait(0.5) and any(each.is_alive() for each in followers):
                _tell_given_up(followers, told)
            stop.set()
            for follower in followers:
                follower.join(ENDS_WITHIN_S)
    finally:
        server.shutdown()
        server.server_close()
    return _ended(followers)


def _tell_given_up(followers: list[Follower], told: set[str]) -> None:
    """Say once of each target that there is no waiting for it, while others are sampled."""
    for each in followers:
        if not each.is_alive() and each.error is not None and each.text not in told:
            told.add(each.text)
            tell(f"leakdoc: {inert(each.text)} is served no more: {inert(each.error.message)}")


def _ended(followers: list[Follower]) -> int:
    """Return the exit code: what was wrong with all targets, if it was, is told."""
    wrong = [each.error for each in followers if each.error is not None]
    if len(wrong) == len(followers) and not any(each.was_seen for each in followers):
        raise wrong[0]
    return 0


def _address(text: str) -> tuple[str, int]:
    match = _ADDRESS.fullmatch(text.strip())
    if match is None or int(match[3]) > 65_535:
        raise UsageError(f"not an address to listen on: {inert(text)!r}", help=f"Write it like {LISTEN} or [::1]:9877.")
    return match[1] or match[2], int(match[3])


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _serve(host: str, port: int, followers: list[Follower]) -> WSGIServer:
    try:
        from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
    except ImportError as error:
        raise MissingDependency(
            "prometheus-client is not installed", help="Install it: pip install prometheus-client"
        ) from error
    from leakdoc.cli.exporter_metrics import LatestSamples

    registry = CollectorRegistry(auto_describe=False)
    registry.register(LatestSamples(followers))
    ProcessCollector(registry=registry)
    try:
        server, _ = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise LeakdocError(
            f"cannot listen on {inert(host)}:{port}: {inert(error.strerror or str(error))}",
            help="Name a free port with --listen HOST:PORT.",
        ) from error
    return server


if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer
