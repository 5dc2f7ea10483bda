"""``leakdoc guard TARGET --before FILE`` and ``leakdoc guard --prometheus URL --workload W``."""

from __future__ import annotations

import argparse
import shlex
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from leakdoc.cli.exit_codes import COULD_NOT, FAULT, proof_code
from leakdoc.cli.guard_workload import is_of_workload, watch_workload
from leakdoc.cli.options import add_json, add_judging, duration, instant, positive_duration
from leakdoc.cli.output import print_json, print_lines, tell_kept
from leakdoc.cli.pipeline import add_pipeline, refuse_pipeline_files, tell_pipeline
from leakdoc.cli.prometheus_options import add_prometheus
from leakdoc.cli.proof_policies import judging_of
from leakdoc.cli.rolling_back import run_rollback
from leakdoc.cli.watching import ended_by_signals
from leakdoc.errors import UsageError

if TYPE_CHECKING:
    from leakdoc.model.subject import Subject
    from leakdoc.sampling.target import Target
    from leakdoc.verification.guarding import Guarded
    from leakdoc.verification.rollback import Rollback


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "The rollback runs only when `worse` is decided by two looks in a row, or when\n"
        "the new version is killed for want of memory; once. It counts only when the old\n"
        "build serves again: when --serving CMD ends with status 0 three times in a row,\n"
        "or, without it, when another process is the target. Of a workload in Prometheus\n"
        "the rollout is found as verify does, or told with --rollout-at; one that belongs\n"
        "to Argo CD or Flux is not rolled back by hand, which would be undone.\n\n"
        "exit codes: 0 normalized; 1 not normalized, or rolled back; 3 inconclusive;\n"
        "4 the target could not be watched, or the rollback failed\n\n"
        "examples:\n"
        "  leakdoc guard 4242 --before before.leakdoc --for 30m\n"
        "  leakdoc guard :8080 --before before.leakdoc --rollback './deploy v41'\n"
        "  leakdoc guard --prometheus http://localhost:9090 --workload shop/api/web"
    )
    parser.add_argument("target", metavar="TARGET", nargs="?", help="the new version: a pid, :PORT, name:PATTERN, ...")
    parser.add_argument("--before", metavar="FILE", help="samples of the version before the rollout")
    parser.add_argument(
        "--for", dest="for_s", type=duration, default=1_800.0, metavar="TIME", help="how long (default: 30m)"
    )
    parser.add_argument("--rollback", metavar="CMD", help="run this, without a shell, when it does harm")
    parser.add_argument("--serving", metavar="CMD", help="ends with status 0 when the old build serves")
    parser.add_argument(
        "--interval", type=positive_duration, default=1.0, metavar="TIME", help="between samples (default: 1s)"
    )
    parser.add_argument("--record", metavar="FILE", help="keep every sample of the new version")
    parser.add_argument("--proof", metavar="FILE", help="write the evidence, for `leakdoc recheck`")
    parser.add_argument("--load", metavar="COLUMN", help="the column of FILE that counts requests")
    parser.add_argument("--rollout-at", type=instant, metavar="TIME", help="when a workload's rollout was")
    add_pipeline(parser)
    add_judging(parser)
    add_json(parser)
    add_prometheus(parser, workload=True)


def execute(args: argparse.Namespace) -> int:
    """Watch, roll back where it does harm, and say what it came to."""
    rollback, serving = _words(args.rollback, "--rollback"), _words(args.serving, "--serving")
    if serving and not rollback:
        raise UsageError("--serving says when a rollback counts", help="Give --rollback CMD with it.")
    of_workload = is_of_workload(args)
    refuse_pipeline_files(args, [] if of_workload else [Path(args.before)])
    _refuse_proof(args)
    if of_workload:
        subject, guarded, done = watch_workload(args, rollback, serving)
    else:
        subject, guarded, done = _watched(args, rollback, serving)
    _give(args, subject, guarded, done)
    return _code(guarded, done)


def _watched(
    args: argparse.Namespace, rollback: list[str], serving: list[str]
) -> tuple[Subject, Guarded, Rollback | None]:
    from leakdoc.sampling.target import resolve

    target = resolve(args.target)
    guarded = _guarded(args)
    done = None if guarded.harm is None or not rollback else _rolled_back(rollback, serving, target, args.target)
    return target.subject, guarded, done


def _words(text: str | None, option: str) -> list[str]:
    if text is None:
        return []
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"{option} cannot be split into words: {error}", help="Quote it as for a shell.") from None
    if not words:
        raise UsageError(f"{option} is empty", help="Give a program and its arguments.")
    return words


def _refuse_proof(args: argparse.Namespace) -> None:
    if args.proof is None:
        return
    from leakdoc.cli.out_file import refuse
    from leakdoc.verification.write import is_proof

    refuse(
        Path(args.proof),
        sources=[Path(args.before)] if args.before else [],
        force=False,
        ours=is_proof,
        option="--proof FILE",
    )


def _guarded(args: argparse.Namespace) -> Guarded:
    from leakdoc.cli.verify_waiting import show_look
    from leakdoc.verification.guard_target import guard_target

    policies, verification = judging_of(args)
    stop = threading.Event()
    with ended_by_signals(stop.set):
        return guard_target(
            args.target, args.before, for_s=args.for_s, interval_s=args.interval, record=args.record, load=args.load,
            policies=policies, verification=verification, wake=stop, on_look=show_look,
        )  # fmt: skip


def _rolled_back(words: list[str], serving: list[str], harmful: Target, named: str) -> Rollback:
    from leakdoc.verification.rollback import passes
    from leakdoc.verification.serving import another_than

    return run_rollback(words, passes(serving) if serving else another_than(harmful, named))


def _give(args: argparse.Namespace, subject: Subject, guarded: Guarded, done: Rollback | None) -> None:
    if args.proof is not None and guarded.proof is not None:
        from leakdoc.verification.write import write_proof

        tell_kept(write_proof(guarded.proof, args.proof))
    if args.json:
        from leakdoc.verification.guard_document import guard_document

        print_json(guard_document(subject, guarded, done))
    else:
        from leakdoc.reporting.proof_text import guard_lines

        told = None if done is None else done.reason
        print_lines(guard_lines(subject, guarded.decision, guarded.reason, told, guarded.proof))
    if guarded.proof is not None:
        tell_pipeline(args, guarded.proof, source=Path(args.before or "-"))


def _code(guarded: Guarded, done: Rollback | None) -> int:
    if done is not None and done.verified is False:
        return COULD_NOT
    return FAULT if guarded.harm is not None else proof_code(guarded.decision)
