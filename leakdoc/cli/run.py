"""``leakdoc run -- CMD …``."""

from __future__ import annotations

import argparse
import signal
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from leakdoc.cli.options import policies_of, positive_duration
from leakdoc.cli.watching import add_watching, ended_by_signals, give_verdict, progress_shown
from leakdoc.errors import UsageError

if TYPE_CHECKING:
    from leakdoc.detection.watch import Watch, Watched

GRACE_S = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "The command runs until it ends by itself: leakdoc stops it only after --for, or\n"
        "when you press Ctrl-C, and then by SIGTERM, with SIGKILL ten seconds later. Its\n"
        "exit status is in the document as ending.exit_status. Its standard output goes\n"
        "to standard error, so that standard output holds the answer alone.\n\n"
        "examples:\n"
        "  leakdoc run -- python service.py\n"
        "  leakdoc run --for 2m --json -- python -m my.worker --queue emails"
    )
    parser.add_argument(
        "--for", dest="for_s", type=positive_duration, metavar="TIME", help="end the command after this time"
    )
    add_watching(parser)
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD ...", help="the command to start")


def execute(args: argparse.Namespace) -> int:
    """Start the command, watch it until it ends, and give the verdict."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise UsageError("no command was given", help="Write it after --, e.g. leakdoc run -- python service.py")
    with _started(command) as process:
        try:
            watched = _watched(args, process)
        finally:
            _end(process)
    return give_verdict(args, watched)


def _started(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdout=2)
    except OSError as error:
        raise UsageError(
            f"cannot start {command[0]!r}: {error.strerror}", help="Check the command's name and permissions."
        ) from error
