"""``leakdoc heap TARGET``."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leakdoc.cli.exit_codes import ANSWERED, UNDECIDED
from leakdoc.cli.options import add_json, positive_duration
from leakdoc.cli.out_file import refuse
from leakdoc.cli.output import print_json, print_lines, tell, tell_kept
from leakdoc.cli.watching import ended_by_signals
from leakdoc.errors import UsageError
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.attribution.climb import Ask


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "From outside first: which kind of memory grows. Then by the agent, where the\n"
        "target has one (`leakdoc run --agent`, leakdoc.agent.start()), or by one that is\n"
        "sent for the while. What costs the target something is said before it is done,\n"
        "and is done after you have agreed, or with --yes. Ctrl-C ends it with what is\n"
        "known so far.\n\n"
        "exit codes: 0 lines or containers were found, 3 nothing could be explained\n\n"
        "examples:\n"
        "  leakdoc heap 4242\n"
        "  leakdoc heap 4242 --for 1m --yes --json"
    )
    parser.add_argument("target", metavar="TARGET", help="one process: a pid, :PORT, name:PATTERN, ...")
    parser.add_argument(
        "--for",
        dest="for_s",
        type=positive_duration,
        default=10.0,
        metavar="TIME",
        help="how long to look (default: 10s); the slower the leak, the longer",
    )
    parser.add_argument(
        "--load",
        metavar="URL",
        help="its own counter of requests, http://HOST/metrics#NAME: tell growth a request too",
    )
    parser.add_argument("--native", action="store_true", help="use memray in any case, with native stacks")
    parser.add_argument(
        "--trim", action="store_true", help="ask malloc to return free memory, and tell how much came back"
    )
    parser.add_argument("--keep", metavar="DIR", help="keep memray's captures in DIR, for `memray flamegraph`")
    parser.add_argument("--write-test", metavar="FILE", help="write a regression test, ready to be filled in")
    parser.add_argument("--force", action="store_true", help="write the test over a file that is there")
    parser.add_argument(
        "--accept-oom-risk",
        action="store_true",
        help="go on where the target is close to its memory limit, or the limit is unknown",
    )
    parser.add_argument("--yes", action="store_true", help="do what costs the target something without asking")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Look, and say what was found."""
    from leakdoc.attribution.heap import heap
    from leakdoc.model.heap_document import heap_document
    from leakdoc.reporting.heap_text import heap_lines

    if args.write_test is not None:
        _require_place(Path(args.write_test), force=args.force)
    stop = threading.Event()
    with ended_by_signals(stop.set):
        report = heap(
            args.target,
            for_s=args.for_s,
            allows=_asked(yes=args.yes),
            tells=(lambda _: None) if args.quiet else tell,
            keep=args.keep,
            native=args.native,
            load=args.load,
            trims=args.trim,
            accept_oom_risk=args.accept_oom_risk,
            stop=stop,
        )
    if args.write_test is not None:
        _write_test(Path(args.write_test), heap_document(report))
    if args.json:
        print_json(heap_document(report))
    else:
        print_lines(heap_lines(report))
    if report.kept is not None:
        tell_kept(report.kept)
    return ANSWERED if report.lines or report.holders else UNDECIDED


def _require_place(path: Path, *, force: bool) -> None:
    """Make sure, before anything is done to the target, that the test can be written."""
    refuse(path, sources=(), force=force, ours=lambda _: False, option="--write-test")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{inert(os.fspath(path))} cannot be written", help="Name another file with --write-test.")


def _write_test(path: Path, document: dict[str, Any]) -> None:
    from leakdoc.attribution.regression_test import regression_test_text

    text = regression_test_text(document["subject"]["name"], document["lines"], document["holders"])
    path.write_text(text, encoding="utf-8")
    tell_kept(path)


def _asked(*, yes: bool) -> Callable[[Ask], bool]:
    """Return what says whether a rung may be used: the option, else the person at the terminal, else nobody."""

    def allows(ask: Ask) -> bool:
        if yes:
            return True
        if sys.stdin is None or not sys.stdin.isatty() or not sys.stderr.isatty():
            return False
        tell(f"{ask.rung}: {ask.cost}. Go on? [y/N] ")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return allows
