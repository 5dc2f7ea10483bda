"""``leakdoc guard --prometheus URL --workload W``: a rollout watched through a server's samples."""

from __future__ import annotations

import argparse
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from leakdoc.cli.output import tell
from leakdoc.cli.prometheus_options import doubted, prometheus_of
from leakdoc.cli.rolling_back import run_rollback
from leakdoc.cli.verify_workload import tell_away, told, trace_of_workload
from leakdoc.cli.watching import ended_by_signals
from leakdoc.errors import SourceError, UsageError

if TYPE_CHECKING:
    from leakdoc.model.subject import Subject
    from leakdoc.sampling.sources.prometheus.client import Prometheus
    from leakdoc.verification.growing import Growing
    from leakdoc.verification.guarding import Guarded
    from leakdoc.verification.rollback import Rollback
    from leakdoc.verification.workload import Rollout


class Watched(NamedTuple):
    """A guarded workload: who it is, how it went, and how it was rolled back, where it was."""

    subject: Subject
    guarded: Guarded
    rollback: Rollback | None


def is_of_workload(args: argparse.Namespace) -> bool:
    """Whether the command line asks for a workload.

    Raises:
        UsageError: it asks for a target as well, or for neither whole.
    """
    if args.workload is None:
        if args.prometheus is not None:
            raise UsageError("which workload of the Prometheus?", help="Name it with --workload, as a scan calls it.")
        if args.target is None or args.before is None:
            raise UsageError("what is to be guarded?", help="Give TARGET --before FILE, or --prometheus --workload.")
        for option, given in (("--rollout-at", args.rollout_at), ("--stable", args.stable)):
            if given is not None:
                raise UsageError(f"{option} is of --workload", help="Leave it out.")
        return False
    for option, given in (("TARGET", args.target), ("--before", args.before), ("--record", args.record)):
        if given is not None:
            raise UsageError(f"{option} and a workload were both given", help="Leave out one of them.")
    if args.until is not None:
        raise UsageError("a guard looks until now, again and again", help="Leave --until out.")
    return True


def watch_workload(args: argparse.Namespace, rollback: list[str], serving: list[str]) -> Watched:
    """Watch a workload after its rollout, and roll it back where it does harm."""
    from leakdoc.verification.growing_workload import GrowingWorkload

    with doubted(prometheus_of(args)) as prometheus:
        if rollback:
            _refuse_where_it_would_be_undone(args, prometheus)
        rollout = _rollout(args, prometheus)
        tell(told(rollout))
        growing = GrowingWorkload(partial(trace_of_workload, args, prometheus), rollout.at, away=tell_away)
        guarded = _guarded(args, rollout, growing)
        if guarded.proof is None and growing.trouble is not None:  # there was not one look
            raise growing.trouble
        done = None
        if guarded.harm is not None and rollback:
            from leakdoc.verification.rollback import passes

            done = run_rollback(rollback, passes(serving) if serving else partial(growing.serves, rollout.old))
    return Watched(rollout.before.subject, guarded, done)


def _guarded(args: argparse.Namespace, rollout: Rollout, growing: Growing) -> Guarded:
    from leakdoc.cli.proof_policies import judging_of
    from leakdoc.cli.verify_waiting import show_look
    from leakdoc.verification.guarding import guard

    policies, verification = judging_of(args)
    stop = threading.Event()
    with ended_by_signals(stop.set):
        return guard(
            rollout.before, growing, for_s=args.for_s, policies=policies, verification=verification, wake=stop,
            on_look=show_look,
        )  # fmt: skip


def _rollout(args: argparse.Namespace, prometheus: Prometheus) -> Rollout:
    """Find the rollout; where its time is told, wait for the first samples of the new build."""
    from leakdoc.verification.workload import rollout_of

    until, reached = time.monotonic() + args.for_s, False
    while True:
        try:
            trace = trace_of_workload(args, prometheus)
            reached = True
            return rollout_of(trace, args.rollout_at)
        except UsageError:
            if args.rollout_at is None or time.monotonic() >= until:
                raise
        except SourceError as error:
            if not reached or time.monotonic() >= until:
                raise
            tell_away(error)
        time.sleep(min(args.interval * 15.0, max(until - time.monotonic(), 0.0)))


def _refuse_where_it_would_be_undone(args: argparse.Namespace, prometheus: Prometheus) -> None:
    from leakdoc.sampling.sources.prometheus.ownership import owner_of

    owner = owner_of(prometheus, trace_of_workload(args, prometheus).subject.name, time.time())
    if owner is not None:
        raise UsageError(
            f"a rollback by hand would be undone: {args.workload} belongs to {owner.controller}",
            help=f"Guard it without --rollback. {owner.revert}.",
        )
