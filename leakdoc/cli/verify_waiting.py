"""``leakdoc verify --wait``: look again and again, at a file that is written or at a live target, until it decides."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.cli.output import tell
from leakdoc.cli.watching import ended_by_signals
from leakdoc.errors import UnreadableSource, UsageError
from leakdoc.redact import inert
from leakdoc.units import format_duration

if TYPE_CHECKING:
    from leakdoc.detection.policies import Policies
    from leakdoc.model.proof import Proof
    from leakdoc.model.trace import Trace
    from leakdoc.verification.growing import Growing
    from leakdoc.verification.policy import VerificationPolicy


Judge = Callable[["Trace", "Trace", "Policies"], "Proof"]
AGREEING_ON_LEVELS: Final = 3  # looks in a row: the rates of a recovery are those of one look


def wait_for_proof(args: argparse.Namespace, policies: Policies | None, verification: VerificationPolicy) -> Proof:
    """Return the proof that waiting ended with.

    Raises:
        UsageError: there was never anything to look at.
    """
    from leakdoc.verification.verify import verify

    def judge(before: Trace, after: Trace, spent: Policies) -> Proof:
        return verify(before, after, policies=spent, verification=verification)

    return _waited(args, policies, judge)


def wait_for_recovery(args: argparse.Namespace, judge: Callable[[Trace, Trace], Proof]) -> Proof:
    """Return the proof of a recovery that waiting ended with: some looks in a row have to agree.

    Raises:
        UsageError: there was never anything to look at.
    """
    from leakdoc.model.decision import ProofDecision

    def enough(proof: Proof, same: int) -> bool:
        return proof.decision is not ProofDecision.INCONCLUSIVE and same >= AGREEING_ON_LEVELS

    return _waited(args, None, lambda before, after, _: judge(before, after), enough=enough)


def _waited(
    args: argparse.Namespace,
    policies: Policies | None,
    judge: Judge,
    *,
    enough: Callable[[Proof, int], bool] | None = None,
) -> Proof:
    from leakdoc.detection.policies import Policies
    from leakdoc.sampling.sources.load import load_trace
    from leakdoc.verification.waiting import until_decided

    known = None if args.after is None else load_trace(args.before, load_column=args.load)
    stop = threading.Event()

    def look(spent: Policies) -> Proof | None:
        sides = _sides(args, known, growing.trace())
        return None if sides is None else judge(*sides, spent)

    with _growing(args) as growing, ended_by_signals(stop.set):
        waited = until_decided(
            look, policies=policies or Policies(), for_s=args.for_s, ended=growing.ended, wake=stop, on_look=show_look,
            enough=enough,
        )  # fmt: skip
    if waited.proof is None:
        raise UsageError(f"there was nothing to look at after the rollout: {waited.why}", help="Watch for longer.")
    tell(f"Waited: {waited.why}")
    return waited.proof


def _sides(args: argparse.Namespace, before: Trace | None, found: Trace | None) -> tuple[Trace, Trace] | None:
    if found is None:
        return None
    if before is not None:
        return before, found
    from leakdoc.verification.rollout import split

    return split(found, args.rollout_at)


@contextmanager
def _growing(args: argparse.Namespace) -> Iterator[Growing]:
    from leakdoc.verification.growing import GrowingFile, watching

    source = args.before if args.after is None else args.after
    if Path(source).exists() or args.after is None:
        if args.record is not None:
            raise UsageError("--record keeps what a live target shows; this is a file", help="Leave --record out.")
        yield GrowingFile(source, load=args.load)
        return
    if "/" in source and ":" not in source:
        told = "It must be there before it is waited for; or name a live target, such as a pid."
        raise UnreadableSource(f"there is no file {inert(source)}", help=told)
    with watching(source, interval_s=args.interval, record=args.record) as live:
        yield live


def show_look(proof: Proof) -> None:
    """Tell what a look found."""
    more = "" if proof.needs_more_s is None else f", about {format_duration(proof.needs_more_s)} more"
    tell(f"{str(proof.decision).replace('_', ' ')}{more}: {inert(proof.reason, longest=160)}")
