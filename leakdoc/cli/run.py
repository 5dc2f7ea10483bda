"""``leakdoc run -- CMD …``."""

from __future__ import annotations

import argparse
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from leakdoc.cli.options import policies_of, positive_duration
from leakdoc.cli.watching import add_watching, ended_by_signals, give_verdict, progress_shown
from leakdoc.errors import UsageError
from leakdoc.model.facts import Ending

if TYPE_CHECKING:
    from leakdoc.detection.policies import Policies
    from leakdoc.detection.watch import Watched

GRACE_S: Final = 10.0  # between SIGTERM and SIGKILL, as docker stop and systemd's shorter units have it


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.usage = "leakdoc run [options] -- CMD ..."
    parser.epilog = (
        "The command runs until it ends by itself: leakdoc ends it only after --for, or\n"
        "when you press Ctrl-C, by SIGTERM, with SIGKILL ten seconds later. Its exit\n"
        "status is in the document as ending.exit_status. Its standard output goes to\n"
        "standard error, so that standard output holds the answer alone.\n\n"
        "examples:\n"
        "  leakdoc run -- python service.py\n"
        "  leakdoc run --for 2m --json -- python -m my.worker --queue emails"
    )
    parser.add_argument(
        "--for", dest="for_s", type=positive_duration, metavar="TIME", help="end the command after this time"
    )
    add_watching(parser)
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def execute(args: argparse.Namespace) -> int:
    """Start the command, watch it until it ends, and give the verdict."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise UsageError("no command was given", help="Write it after --, e.g. leakdoc run -- python service.py")
    policies = policies_of(args)
    process = _start(command)
    try:
        watched = _watch(args, process.pid, policies)
    finally:
        _end(process)
    return give_verdict(args, _with_status(watched, process.returncode))


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdout=2)
    except OSError as error:
        raise UsageError(
            f"cannot start {command[0]!r}: {error.strerror}", help="Check the command's name and permissions."
        ) from error


def _watch(args: argparse.Namespace, pid: int, policies: Policies | None) -> Watched:
    from leakdoc.detection.watch import Watch

    watch = Watch(
        pid,
        interval_s=args.interval,
        for_s=args.for_s,
        record=args.record,
        stop_when_decided=False,
        policies=policies,
        on_progress=progress_shown(args),
    )
    with ended_by_signals(watch.stop):
        return watch.run()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End our own command where it still runs, and take its exit status."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _with_status(watched: Watched, returncode: int) -> Watched:
    """Put the command's exit status, which only its parent knows, into the verdict."""
    ending = watched.diagnosis.ending or Ending(at=time.time(), cause="unknown")
    status = {"signal": -returncode} if returncode < 0 else {"exit_status": returncode}
    cause = ending.cause if ending.cause == "oom_killed" else "signalled" if returncode < 0 else "exited"
    told = replace(ending, cause=cause, **status)
    return replace(watched, diagnosis=replace(watched.diagnosis, ending=told))
