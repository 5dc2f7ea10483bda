"""``leakdoc serve FOLDER``."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.cli.output import print_lines, tell
from leakdoc.cli.prometheus_options import add_prometheus
from leakdoc.cli.watching import ended_by_signals
from leakdoc.errors import LeakdocError, UsageError
from leakdoc.redact import inert
from leakdoc.small_files import read_small

if TYPE_CHECKING:
    from leakdoc.cli.http.workloads import Workloads

_LARGEST_TOKEN: Final = 65_536


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "GET / lists the paths: /files, /diagnose?file=, /verify?before=&after=,\n"
        "/recheck?file=, /health; with --prometheus /workload?workload= and, for hooks,\n"
        "/workload/gate, which is 200 on normalized only. Every answer is JSON; the\n"
        "header Leakdoc-Exit-Code has what the command of that name would have ended\n"
        "with. Nothing is written.\n"
        "Beyond this machine it listens only with a token.\n\n"
        "exit codes: 0 when it is stopped; 4 when it cannot listen\n\n"
        "examples:\n"
        "  leakdoc serve /var/lib/leakdoc\n"
        "  leakdoc serve . --listen 0.0.0.0:8787 --token env:LEAKDOC_TOKEN"
    )
    parser.add_argument("folder", metavar="FOLDER", help="where the recordings, tables and proofs are")
    parser.add_argument(
        "--listen", type=_address, default=("127.0.0.1", 8787), metavar="HOST:PORT", help="default: 127.0.0.1:8787"
    )
    add_prometheus(parser)
    parser.add_argument("--token", metavar="SECRET", help="asked of everybody: env:NAME or file:PATH")


def execute(args: argparse.Namespace) -> int:
    """Serve until it is stopped."""
    from leakdoc.cli.http.folder import Folder
    from leakdoc.cli.http.server import Server, is_local

    folder, (host, port) = Path(args.folder), args.listen
    if not folder.is_dir():
        raise UsageError(f"{inert(args.folder)} is no folder", help="Name the one that holds the recordings.")
    token = None if args.token is None else _token(args.token)
    if token is None and not is_local(host):
        told = "Give one with --token, as env:NAME or file:PATH, or listen on 127.0.0.1."
        raise UsageError(f"{inert(host)} can be reached from elsewhere, and no token is asked for", help=told)
    try:
        server = Server((host, port), Folder(folder, _workloads(args)), token=token, tell=tell)
    except OSError as error:
        raise LeakdocError(
            f"it cannot listen on {inert(host)}:{port}: {error.strerror or error}", help="Choose another --listen."
        ) from error
    with server, ended_by_signals(lambda: threading.Thread(target=server.shutdown, daemon=True).start()):
        print_lines([f"Serving {inert(args.folder)} at http://{host}:{server.server_address[1]}/"])
        server.serve_forever(poll_interval=0.2)
    return 0


def _workloads(args: argparse.Namespace) -> Workloads | None:
    if args.prometheus is None and args.prometheus_config is None:
        return None
    from leakdoc.cli.http.workloads import Workloads
    from leakdoc.cli.prometheus_options import conventions_of, prometheus_of

    if args.until is not None or args.match:
        raise UsageError("a server looks until now, at the workload that it is asked for", help="Leave it out.")
    return Workloads(prometheus=prometheus_of(args), conventions=conventions_of(args), since_s=args.since)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"no address: {text!r}; write it like 127.0.0.1:8787")
    return host.strip("[]"), int(port)


def _token(text: str) -> str:
    import os

    kind, _, name = text.partition(":")
    found: str | None = None
    if kind == "env":
        found = os.environ.get(name)
    elif kind == "file":
        try:
            found = read_small(name, most=_LARGEST_TOKEN).decode("utf-8").strip()
        except (OSError, ValueError) as error:
            told = f"Check the path: {inert(getattr(error, 'strerror', None) or str(error))}."
            raise UsageError(f"the token cannot be read from {inert(name)}", help=told) from None
    else:
        raise UsageError("a secret is given as env:NAME or file:PATH, never itself")
    if not found:
        raise UsageError(f"there is no token in {inert(text)}", help="Set it, or serve without --token.")
    return found
