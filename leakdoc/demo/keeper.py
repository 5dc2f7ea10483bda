"""Keeps one server alive for as long as its parent lives, then ends it at once and removes its directory.

``python -m leakdoc.demo.keeper --end-with-parent --directory DIR [--uid N --gid N] -- COMMAND``
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from leakdoc.demo.lifeline import FLAG, end_with_parent

LOG: Final = "postgres.log"
_ENDING: Final = frozenset(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))
_PATIENCE_S: Final = 6.0  # told to end at once, PostgreSQL kills backends that linger after 5 s


def main(arguments: Sequence[str]) -> int:
    """Run the command until it ends, or we are told to; return its exit status.

    A server that ends by itself leaves its directory, and the log in it, to be read.
    """
    options = _parser().parse_args(arguments)
    server = _start(options)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    threading.Thread(target=_end_with, args=(server,), daemon=True).start()
    if options.end_with_parent:
        end_with_parent()
    signal.sigwait(_ENDING)
    if server.poll() is None:
        _end(server)
        shutil.rmtree(options.directory, ignore_errors=True)
    return 1 if server.returncode is None else server.returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m leakdoc.demo.keeper")
    parser.add_argument(FLAG, action="store_true", help="end when standard input does")
    parser.add_argument("--directory", required=True, help="where the server works and logs; removed at the end")
    parser.add_argument("--uid", type=int, help="the account to run the server under")
    parser.add_argument("--gid", type=int)
    parser.add_argument("command", nargs="+")
    return parser


def _start(options: argparse.Namespace) -> subprocess.Popen[bytes]:
    with Path(options.directory, LOG).open("ab") as log:
        return subprocess.Popen(
            options.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=options.directory,
            user=options.uid,
            group=options.gid,
            extra_groups=None if options.uid is None else [],
        )


def _end_with(server: subprocess.Popen[bytes]) -> None:
    server.wait()
    os.kill(os.getpid(), signal.SIGTERM)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
    try:
        server.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(_PATIENCE_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
