"""``leakdoc run -- CMD …``."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import time
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Final

from leakdoc.cli.options import policies_of, positive_duration
from leakdoc.cli.watching import add_watching, captures_of, ended_by_signals, give_verdict, progress_shown, retention_of
from leakdoc.errors import TargetError, TargetGone, UsageError
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
        "when you press Ctrl-C, by SIGTERM, with SIGKILL ten seconds later; what it has\n"
        "started and left behind is ended with it, but not a daemon: what began a\n"
        "session of its own goes on. Its exit status is in the document as\n"
        "ending.exit_status. Its standard output goes to standard error, so that\n"
        "standard output holds the answer alone.\n\n"
        "examples:\n"
        "  leakdoc run -- python service.py\n"
        "  leakdoc run --for 2m --json -- python -m my.worker --queue emails"
    )
    parser.add_argument(
        "--for", dest="for_s", type=positive_duration, metavar="TIME", help="end the command after this time"
    )
    parser.add_argument(
        "--agent", action="store_true", help="start every Python of it with the agent, which `leakdoc heap` asks"
    )
    parser.add_argument("--children", action="store_true", help="watch what the command starts with it")
    add_watching(parser)
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)


def execute(args: argparse.Namespace) -> int:
    """Start the command, watch it until it ends, and give the verdict."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise UsageError("no command was given", help="Write it after --, e.g. leakdoc run -- python service.py")
    policies = policies_of(args)
    import_module("leakdoc.detection.watch")  # before the command starts: it may be a short one
    process = _start(command, with_agent=args.agent)
    try:
        watched = _watch(args, process.pid, policies)
    except TargetError as error:
        raise _ended_at_once(command, process) from error
    finally:
        _end(process)
    return give_verdict(args, _with_status(watched, process.returncode))


def _ended_at_once(command: list[str], process: subprocess.Popen[bytes]) -> TargetError:
    """Say how our own command ended, where it did so before there was anything to see."""
    status = process.wait(GRACE_S)
    how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
    return TargetGone(
        f"{command[0]} ended {how} before a sample could be taken",
        help="Run it by itself to see why; a command must live for a moment to be watched.",
    )


def _start(command: list[str], *, with_agent: bool) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, stdout=2, start_new_session=True, env=_environment() if with_agent else None)
    except OSError as error:
        raise UsageError(
            f"cannot start {command[0]!r} ({error.strerror})", help="Check the command's name and permissions."
        ) from error


def _environment() -> dict[str, str]:
    from leakdoc.attach.agent_file import with_agent

    return with_agent(os.environ)


def _watch(args: argparse.Namespace, pid: int, policies: Policies | None) -> Watched:
    from leakdoc.detection.watch import Watch

    watch = Watch(
        pid,
        children=args.children,
        interval_s=args.interval,
        for_s=args.for_s,
        record=args.record,
        retention=retention_of(args),
        stop_when_decided=False,
        policies=policies,
        captures=captures_of(args),
        on_progress=progress_shown(args),
    )
    with ended_by_signals(watch.stop):
        return watch.run()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End our own command, and all that it has started, where it still runs; take its exit status."""
    _signal_all(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)
    _signal_all(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    with contextlib.suppress(subprocess.TimeoutExpired):  # a disk or a network keeps it in the system
        process.wait(GRACE_S)


def _signal_all(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the session that the command leads; the command alone where there are no sessions."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)


def _with_status(watched: Watched, returncode: int | None) -> Watched:
    """Put the command's exit status, which only its parent knows, into the verdict; null where it would not end."""
    if returncode is None:
        return watched
    ending = watched.diagnosis.ending or Ending(at=time.time(), cause="unknown")
    status = {"signal": -returncode} if returncode < 0 else {"exit_status": returncode}
    cause = ending.cause if ending.cause == "oom_killed" else "signalled" if returncode < 0 else "exited"
    told = replace(ending, cause=cause, **status)
    return replace(watched, diagnosis=replace(watched.diagnosis, ending=told, next=()))
