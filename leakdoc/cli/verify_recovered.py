"""``leakdoc verify --recovered``: is what an incident lifted back at its baseline?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from leakdoc.cli.options import instant
from leakdoc.cli.output import tell
from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.units import format_time

if TYPE_CHECKING:
    from leakdoc.model.proof import Proof
    from leakdoc.model.trace import Trace
    from leakdoc.verification.recovery.policy import RecoveryPolicy

_OWN: Final = "recovery."


def add_recovery(parser: argparse.ArgumentParser) -> None:
    """Let the user ask for what is not memory."""
    group = parser.add_argument_group("recovery of what is not memory")
    group.add_argument(
        "--recovered", action="store_true",
        help="is what an incident lifted (latency, errors, waiters, connections) back at its baseline?",
    )  # fmt: skip
    group.add_argument(
        "--incident-at", type=instant, metavar="TIME",
        help="when the incident began: what BEFORE shows earlier is the baseline",
    )  # fmt: skip
    group.add_argument("--baseline", metavar="FILE", help="samples from before the incident, where they are apart")
    group.add_argument(
        "--column", action="append", metavar="NAME", help="judge this column only; may be given more than once"
    )


def is_of_recovery(args: argparse.Namespace) -> bool:
    """Whether the command line asks for recovery.

    Raises:
        UsageError: options of recovery without --recovered, or options that do not go with it.
    """
    own = {"--incident-at": args.incident_at, "--baseline": args.baseline, "--column": args.column}
    given = [name for name, value in own.items() if value is not None]
    if not args.recovered:
        if given:
            raise UsageError(f"{given[0]} belongs to --recovered", help="Add --recovered, or leave it out.")
        return False
    others = {
        "--prometheus": args.prometheus, "--smallest": args.smallest, "--limit": args.limit,
        "--must-last": args.must_last,
    }  # fmt: skip
    wrong = [name for name, value in others.items() if value is not None]
    if wrong:
        told = "Record what came after the cure (leakdoc watch, leakdoc export), and give both files."
        raise UsageError(f"{wrong[0]} does not go with --recovered", help=told)
    if not args.wait and (args.for_s is not None or args.record is not None):
        raise UsageError("--for and --record belong to --wait", help="Add --wait, or leave them out.")
    if args.before is None:
        raise UsageError("nothing was given to compare", help="Give BEFORE, with the incident in it, and AFTER.")
    if args.incident_at is None and args.baseline is None:
        told = "Give --incident-at TIME, or samples from before it with --baseline FILE."
        raise UsageError("where did the incident begin?", help=told)
    return True


def proof_of_recovery(args: argparse.Namespace) -> Proof:
    """Hold what came after the cure against the baseline."""
    if not args.wait:
        before, after = _sides(args)
        _look_at_baseline(args, before)
        return _judged(args, before, after)
    from leakdoc.cli.verify_waiting import wait_for_recovery
    from leakdoc.sampling.sources.load import load_trace

    if args.after is None:
        raise UsageError("--wait looks at AFTER again and again", help="Give AFTER: a file that grows, or a target.")
    _refuse_two_splits(args)
    _look_at_baseline(args, load_trace(args.before, load_column=args.load))
    return wait_for_recovery(args, lambda before, after: _judged(args, before, after))


def _judged(args: argparse.Namespace, before: Trace, after: Trace) -> Proof:
    from leakdoc.verification.recovery.verify import verify_recovered

    return verify_recovered(
        before, after, incident_at=args.incident_at, baseline=args.baseline, metrics=args.column,
        recovery=_policy(args), load=args.load,
    )  # fmt: skip


def _look_at_baseline(args: argparse.Namespace, before: Trace) -> None:
    if args.incident_at is not None and args.baseline is None:
        _refuse_outside(before, args.incident_at)
    _tell_baseline(args)


def _refuse_two_splits(args: argparse.Namespace) -> None:
    if args.rollout_at is not None:
        raise UsageError("--rollout-at splits one recording; here are two", help="Leave out one of them.")


def _sides(args: argparse.Namespace) -> tuple[Trace, Trace]:
    from leakdoc.sampling.sources.load import load_trace
    from leakdoc.verification.rollout import split

    before = load_trace(args.before, load_column=args.load)
    if args.after is None:
        if args.rollout_at is None:
            raise UsageError("what came after the cure?", help="Give AFTER, or --rollout-at TIME to split BEFORE.")
        return split(before, args.rollout_at)
    _refuse_two_splits(args)
    return before, load_trace(args.after, load_column=args.load)


def _refuse_outside(before: Trace, begun: float) -> None:
    """An instant that leaves nothing on one of its sides is a slip."""
    if len(before) and not before.times.min() < begun <= before.times.max():
        goes = f"from {format_time(float(before.times.min()))} to {format_time(float(before.times.max()))}"
        raise UsageError(
            f"--incident-at {format_time(begun)} is not within BEFORE, which goes {goes}",
            help="Give a time within it, or the quiet time as --baseline FILE.",
        )


def _tell_baseline(args: argparse.Namespace) -> None:
    """Say on standard error what is held to be normal."""
    if args.baseline is not None:
        tell(f"Baseline: {inert(args.baseline)}")
    elif args.incident_at is not None:
        tell(f"Baseline: {inert(args.before)} until {format_time(args.incident_at)}")


def _policy(args: argparse.Namespace) -> RecoveryPolicy:
    from leakdoc.detection.policy import with_setting
    from leakdoc.verification.recovery.policy import RecoveryPolicy

    policy = RecoveryPolicy()
    for text in args.policy:
        name, equals, value = text.strip().partition("=")
        if not equals or not name.startswith(_OWN):
            told = "With --recovered write it like recovery.back_share=0.1."
            raise UsageError(f"not a policy setting of a recovery: {inert(text)!r}", help=told)
        policy = with_setting(policy, name.removeprefix(_OWN).strip(), value)
    return policy
