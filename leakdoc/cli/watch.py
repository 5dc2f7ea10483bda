"""``leakdoc watch TARGET``."""

from __future__ import annotations

import argparse
from typing import Final

from leakdoc.cli.options import duration, policies_of
from leakdoc.cli.targets import add_target, allow_many_files
from leakdoc.cli.watching import add_watching, captures_of, ended_by_signals, give_verdict, progress_shown, retention_of

WHOLE_S: Final = 7 * 86_400.0  # for how long a watch without an end keeps each of its samples


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "A watch ends when a fault is decided; when memory is stable or follows the load\n"
        "and growth above --smallest would have shown; after --for; when the target\n"
        "ends; or on Ctrl-C. It always ends with the verdict so far. It reads /proc and\n"
        "netlink, and touches nothing.\n\n"
        "examples:\n"
        "  leakdoc watch 4242\n"
        "  leakdoc watch :8000 --children\n"
        "  leakdoc watch 4242 --for 1h --record before.leakdoc\n"
        "  leakdoc watch 4242 --smallest 1MiB/h --json"
    )
    add_target(parser, "watch")
    how_long = parser.add_mutually_exclusive_group()
    how_long.add_argument(
        "--for", dest="for_s", type=duration, default=900.0, metavar="TIME", help="how long at most (default: 15m)"
    )
    how_long.add_argument("--until-stopped", action="store_true", help="no end: verdicts do not stop it either")
    add_watching(parser)


def execute(args: argparse.Namespace) -> int:
    """Watch, show, and give the verdict."""
    from leakdoc.cli.own_memory import given_back_after_looks
    from leakdoc.detection.watch import Watch

    allow_many_files()
    watch = Watch(
        args.target,
        children=args.children,
        interval_s=args.interval,
        for_s=None if args.until_stopped else args.for_s,
        record=args.record,
        retention=retention_of(args, whole_s=WHOLE_S if args.until_stopped else None),
        smallest_per_hour=None if args.smallest is None else args.smallest * 3600.0,
        stop_when_decided=not args.until_stopped,
        policies=policies_of(args),
        captures=captures_of(args),
        on_progress=given_back_after_looks(progress_shown(args)),
    )
    with ended_by_signals(watch.stop):
        watched = watch.run()
    return give_verdict(args, watched)
