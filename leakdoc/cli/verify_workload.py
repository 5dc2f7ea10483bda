"""``leakdoc verify --prometheus URL --workload W``: before and after a rollout that is found in the samples."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from leakdoc.cli.output import tell
from leakdoc.cli.prometheus_options import conventions_of, doubted, matchers_of, prometheus_of, window_of
from leakdoc.errors import SourceError, UsageError
from leakdoc.redact import inert
from leakdoc.units import format_time

if TYPE_CHECKING:
    from leakdoc.detection.policies import Policies
    from leakdoc.model.proof import Proof
    from leakdoc.model.trace import Trace
    from leakdoc.sampling.sources.prometheus.client import Prometheus
    from leakdoc.verification.policy import VerificationPolicy
    from leakdoc.verification.workload import Rollout


def is_of_workload(args: argparse.Namespace) -> bool:
    """Whether the command line asks for a workload.

    Raises:
        UsageError: it asks for files as well, or for a server without a workload.
    """
    if args.workload is None:
        if args.prometheus is not None:
            raise UsageError("which workload of the Prometheus?", help="Name it with --workload, as a scan calls it.")
        if args.stable is not None:
            raise UsageError("--stable stands beside a workload", help="Name the one that is new with --workload.")
        return False
    if args.before is not None:
        raise UsageError("files and a workload were both given", help="Leave out one of them.")
    if args.load is not None:
        raise UsageError("--load names a column of files", help="For Prometheus: --metric NAME=requests_total.")
    return True


def proof_of_workload(args: argparse.Namespace, policies: Policies | None, verification: VerificationPolicy) -> Proof:
    """Compare a workload before and after its last rollout, once or until it is decided."""
    from leakdoc.detection.policies import Policies
    from leakdoc.verification.verify import verify
    from leakdoc.verification.workload import rollout_of

    with doubted(prometheus_of(args)) as prometheus:
        rollout = rollout_of(trace_of_workload(args, prometheus), args.rollout_at)
        tell(told(rollout))
        if args.wait:
            return _waited(args, prometheus, rollout, policies or Policies(), verification)
    return verify(rollout.before, rollout.after, policies=policies, verification=verification)


def told(rollout: Rollout) -> str:
    """Say in words which rollout is looked at."""
    build = "" if rollout.new is None else f" of {inert(rollout.new)}"
    over = "" if rollout.old is None or rollout.old == rollout.new else f" over {inert(rollout.old)}"
    beside = "; both run side by side" if rollout.before.times.max() >= rollout.after.times.max() - 600.0 else ""
    return f"Rollout{build}{over} at {format_time(rollout.at)}{beside}"


def trace_of_workload(args: argparse.Namespace, prometheus: Prometheus) -> Trace:
    """Return the trace of the workload that the options name, up to now or ``--until``."""
    from leakdoc.sampling.sources.prometheus import workload

    return workload.trace_of_workload(
        prometheus, conventions_of(args), window_of(args), args.workload, match=matchers_of(args), stable=args.stable
    )


def _waited(
    args: argparse.Namespace, prometheus: Prometheus, rollout: Rollout, policies: Policies,
    verification: VerificationPolicy,
) -> Proof:  # fmt: skip
    """Look again, as the server scrapes, until it is decided."""
    import threading

    from leakdoc.cli.watching import ended_by_signals
    from leakdoc.verification.verify import verify
    from leakdoc.verification.waiting import until_decided
    from leakdoc.verification.workload import rollout_of

    if args.until is not None:
        raise UsageError("--wait looks until now, again and again", help="Leave --until out.")
    stop = threading.Event()

    def look(spent: Policies) -> Proof | None:
        try:
            found = rollout_of(trace_of_workload(args, prometheus), rollout.at)
        except SourceError as error:
            tell_away(error)
            return None
        return verify(found.before, found.after, policies=spent, verification=verification)

    with ended_by_signals(stop.set):
        waited = until_decided(look, policies=policies, for_s=args.for_s, ended=lambda: False, wake=stop)
    tell(f"Waited: {waited.why}")
    return waited.proof or verify(rollout.before, rollout.after, policies=policies, verification=verification)


def tell_away(error: SourceError) -> None:
    """Say why a look came to nothing; the next one asks again."""
    tell(f"No look this time: {inert(error.message, longest=300)}")
