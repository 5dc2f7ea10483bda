"""``leakdoc connections TARGET``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from leakdoc.cli.options import add_json, duration, policies_of, positive_duration
from leakdoc.cli.output import print_json, print_lines
from leakdoc.cli.watching import clear_line, ended_by_signals, progress_shown, tell_ending
from leakdoc.errors import UsageError

if TYPE_CHECKING:
    from leakdoc.detection.connections import Look, Prepared
    from leakdoc.detection.watch import Progress, Watch
    from leakdoc.model.diagnosis import Diagnosis
    from leakdoc.model.peer import Held, Kept
    from leakdoc.sampling.plan import PlannedProbe
    from leakdoc.sampling.process import Target


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "It looks until a fault is decided, or for --for, at connections, descriptors,\n"
        "threads and children alone: `leakdoc watch` judges memory too. It reads /proc\n"
        "and netlink and touches nothing. What asks more is opt-in: --stacks reads the\n"
        "threads' stacks by py-spy, which does not stop them; --postgres, --mysql and\n"
        "--redis open one session of their own each. The lines that opened connections\n"
        "come from the agent, if the target has one (`leakdoc run --agent -- CMD`).\n\n"
        "examples:\n"
        "  leakdoc connections 4242\n"
        "  leakdoc connections 4242 --for 0s\n"
        "  leakdoc connections 4242 --watch --held-longer-than 30s\n"
        "  leakdoc connections 4242 --postgres env:DATABASE_URL --json"
    )
    parser.add_argument("target", metavar="TARGET", help="a pid, :PORT, name:PATTERN, cgroup:PATH, unit:NAME, ...")
    parser.add_argument("--children", action="store_true", help="and everything that it has started")
    how_long = parser.add_mutually_exclusive_group()
    how_long.add_argument(
        "--for", dest="for_s", type=duration, default=40.0, metavar="TIME", help="how long at most (default: 40s)"
    )
    how_long.add_argument("--watch", action="store_true", help="keep the table live until stopped")
    parser.add_argument(
        "--interval", type=positive_duration, default=0.5, metavar="TIME", help="between samples (default: 500ms)"
    )
    parser.add_argument(
        "--held-longer-than",
        type=duration,
        metavar="TIME",
        help="list who holds a connection for longer than this now",
    )
    _add_servers(parser)
    parser.add_argument("--stacks", action="store_true", help="show what waits, by py-spy dump --nonblocking")
    parser.add_argument(
        "--objects",
        action="store_true",
        help="show what keeps connections open: which objects, and how they are reached; lets an agent in for a moment",
    )
    parser.add_argument(
        "--accept-oom-risk", action="store_true", help="let it in even where little memory is left under the limit"
    )
    parser.add_argument("--record", metavar="FILE", help="keep every sample in FILE, readable by you only")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.add_argument(
        "--policy", action="append", default=[], metavar="NAME=VALUE", help="set a threshold, e.g. pool.standing=5s"
    )
    parser.set_defaults(smallest=None, limit=None)
    add_json(parser)


def _add_servers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--postgres", metavar="REF", help="ask PostgreSQL for its view; its DSN by env:NAME or file:PATH"
    )
    parser.add_argument(
        "--mysql", metavar="REF", help="the same of MySQL or MariaDB: the reference names mysql://USER:SECRET@HOST:3306"
    )
    parser.add_argument("--redis", metavar="REF", help="the same of Redis or Valkey: redis://USER:SECRET@HOST:6379")


def execute(args: argparse.Namespace) -> int:
    """Look, and tell peer by peer."""
    from leakdoc.detection.connections import prepare

    look: Prepared = prepare(
        args.target,
        children=args.children,
        interval_s=args.interval,
        for_s=None if args.watch else args.for_s,
        record=args.record,
        stop_when_decided=not args.watch,
        policies=policies_of(args),
        postgres=args.postgres,
        mysql=args.mysql,
        redis=args.redis,
        more=_stacks if args.stacks else lambda _: (),
        on_progress=_progress(args, lambda: look.watch),
    )
    if args.objects and look.sockets is None:
        raise UsageError(f"{look.target.name} is several processes", help="Objects are asked of one: give its pid.")
    with ended_by_signals(look.watch.stop):
        seen = look.run()
    return _give(args, seen, _held(args, look), _kept(args, look))


def _kept(args: argparse.Namespace, look: Prepared) -> Kept | None:
    if not args.objects:
        return None
    from leakdoc.attribution.connection_keepers import connection_keepers

    if look.sockets is None:
        return None
    return connection_keepers(look.target.pid, look.sockets.peer_of, accept_oom_risk=args.accept_oom_risk)


def _stacks(target: Target) -> list[PlannedProbe]:
    from leakdoc.attach import stacks
    from leakdoc.sampling.plan import STACKS, PlannedProbe

    probe = stacks.StacksProbe(target.pid)
    return [PlannedProbe(name="stacks", probe=probe, metrics=stacks.METRICS, beat=STACKS)]


def _progress(args: argparse.Namespace, watch: Callable[[], Watch]) -> Callable[[Progress], None] | None:
    """Return what shows how the look goes: with --watch on a terminal the whole table, else a line."""
    if not args.watch or args.quiet or args.json:
        return progress_shown(args)
    from leakdoc.cli.live_table import LiveTable

    return LiveTable(lambda: watch().trace).show


def _held(args: argparse.Namespace, look: Prepared) -> Held | None:
    if args.held_longer_than is None:
        return None
    from leakdoc.detection.holders import held_longer_than

    return held_longer_than(args.held_longer_than, look.target.pid, look.sockets)


def _give(args: argparse.Namespace, seen: Look, held: Held | None, kept: Kept | None) -> int:
    from leakdoc.model.peer import connections_document

    clear_line(args)
    diagnosis = _told_who_was_asked(seen.diagnosis, kept)
    if args.json:
        print_json(connections_document(diagnosis, seen.peers, held, kept))
    else:
        from leakdoc.reporting.connections_screen import connections_screen

        print_lines(connections_screen(diagnosis, seen.peers, held, kept))
    return tell_ending(seen.watched)


def _told_who_was_asked(diagnosis: Diagnosis, kept: Kept | None) -> Diagnosis:
    """Say that somebody inside was asked for its objects, where that was so."""
    if kept is None or kept.asked is None:
        return diagnosis
    from dataclasses import replace

    before = diagnosis.touched or ""
    rest = before.removeprefix("nothing (").removesuffix(")")
    return replace(diagnosis, touched=f"{kept.asked} looked at its objects for a moment ({rest})")
