"""``leakdoc connections TARGET``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from leakdoc.cli.options import add_json, duration, policies_of, positive_duration
from leakdoc.cli.output import print_json, print_lines
from leakdoc.cli.watching import clear_line, ended_by_signals, progress_shown, tell_ending

if TYPE_CHECKING:
    from leakdoc.detection.watch import Progress, Watch, Watched
    from leakdoc.model.peer import Held
    from leakdoc.sampling.plan import PlannedProbe
    from leakdoc.sampling.probes.connections import ConnectionsProbe
    from leakdoc.sampling.process import Target
    from leakdoc.sampling.samplers import Samples


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "It looks until a fault is decided, or for --for, at connections, descriptors,\n"
        "threads and children alone: `leakdoc watch` judges memory too. It reads /proc\n"
        "and netlink and touches nothing. What asks more is opt-in: --stacks reads the\n"
        "threads' stacks by py-spy, which does not stop them; --postgres opens one\n"
        "session of its own. The lines that opened connections come from the agent, if\n"
        "the target has one (`leakdoc run --agent -- CMD`).\n\n"
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
    parser.add_argument(
        "--postgres", metavar="REF", help="ask PostgreSQL for its view; its DSN by env:NAME or file:PATH"
    )
    parser.add_argument("--stacks", action="store_true", help="show what waits, by py-spy dump --nonblocking")
    parser.add_argument("--record", metavar="FILE", help="keep every sample in FILE, readable by you only")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.add_argument(
        "--policy", action="append", default=[], metavar="NAME=VALUE", help="set a threshold, e.g. pool.standing=5s"
    )
    parser.set_defaults(smallest=None, limit=None)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Look, and tell peer by peer."""
    from leakdoc.detection.detectors.table import OF_CONNECTIONS
    from leakdoc.detection.watch import Watch
    from leakdoc.sampling.target import resolve

    target = resolve(args.target, children=args.children)
    sampler, sockets = _sampler(args, target)
    watch: Watch = Watch(
        sampler,
        interval_s=args.interval,
        for_s=None if args.watch else args.for_s,
        record=args.record,
        stop_when_decided=not args.watch,
        policies=policies_of(args),
        on_progress=_progress(args, lambda: watch),
        detectors=OF_CONNECTIONS,
    )
    with ended_by_signals(watch.stop):
        watched = watch.run()
    return _give(args, watched, _held(args, target, sockets))


def _sampler(args: argparse.Namespace, target: Target) -> tuple[Samples, ConnectionsProbe | None]:
    """Return what samples the target, with the probes that were asked for, and the one of them that knows sockets."""
    if target.crew is not None:
        return _of_many(args, target), None
    from leakdoc.sampling.plans import plan_for
    from leakdoc.sampling.sampler import Sampler

    plan = plan_for(target)
    sockets = next((each.probe for each in plan.probes if each.name == "sockets"), None)
    more = tuple(_asked_for(args, target.pid, sockets))
    return Sampler(target, replace(plan, probes=plan.probes + more)), sockets  # type: ignore[return-value]


def _of_many(args: argparse.Namespace, target: Target) -> Samples:
    from leakdoc.errors import UsageError
    from leakdoc.sampling.samplers import sampler_of

    if args.postgres is not None or args.stacks or args.held_longer_than is not None:
        raise UsageError(
            f"{target.name} is several processes",
            help="--postgres, --stacks and --held-longer-than ask one: give its pid.",
        )
    return sampler_of(target)


def _asked_for(args: argparse.Namespace, pid: int, sockets: object) -> list[PlannedProbe]:
    from leakdoc.sampling.pace import Beat
    from leakdoc.sampling.plan import PlannedProbe

    planned = []
    if args.postgres is not None:
        from leakdoc.errors import UsageError
        from leakdoc.sampling.probes import postgres
        from leakdoc.sampling.secret_reference import secret_of

        if not hasattr(sockets, "peer_of_port"):
            raise UsageError("--postgres joins sessions to sockets, which this system does not show")
        view = postgres.PostgresProbe(secret_of(args.postgres), sockets.peer_of_port)
        planned.append(
            PlannedProbe(name="postgres", probe=view, metrics=postgres.METRICS, beat=Beat(every_s=2.0, budget=0.01))
        )
    if args.stacks:
        from leakdoc.attach import stacks

        probe = stacks.StacksProbe(pid)
        planned.append(
            PlannedProbe(name="stacks", probe=probe, metrics=stacks.METRICS, beat=Beat(every_s=2.0, budget=0.01))
        )
    return planned


def _progress(args: argparse.Namespace, watch: Callable[[], Watch]) -> Callable[[Progress], None] | None:
    """Return what shows how the look goes: with --watch on a terminal the whole table, else a line."""
    if not args.watch or args.quiet or args.json:
        return progress_shown(args)
    from leakdoc.cli.live_table import LiveTable

    return LiveTable(lambda: watch().trace).show


def _held(args: argparse.Namespace, target: Target, sockets: ConnectionsProbe | None) -> Held | None:
    if args.held_longer_than is None:
        return None
    from leakdoc.detection.holders import held_longer_than

    return held_longer_than(args.held_longer_than, target.pid, sockets)


def _give(args: argparse.Namespace, watched: Watched, held: Held | None) -> int:
    from leakdoc.detection.connections import peer_summaries
    from leakdoc.model.peer import connections_document

    clear_line(args)
    summaries = peer_summaries(watched.trace, watched.diagnosis.findings)
    if args.json:
        print_json(connections_document(watched.diagnosis, summaries, held))
    else:
        from leakdoc.reporting.connections_screen import connections_screen

        print_lines(connections_screen(watched.diagnosis, summaries, held))
    return tell_ending(watched)
