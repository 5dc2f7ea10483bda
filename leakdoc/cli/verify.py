"""``leakdoc verify BEFORE AFTER`` and ``leakdoc verify --prometheus URL --workload W``."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from leakdoc.cli.exit_codes import proof_code
from leakdoc.cli.options import add_json, add_judging, duration, instant, positive_duration
from leakdoc.cli.output import print_json, print_lines, tell, tell_kept
from leakdoc.cli.pipeline import add_pipeline, refuse_pipeline_files, tell_pipeline
from leakdoc.cli.prometheus_options import add_prometheus
from leakdoc.cli.proof_policies import judging_of
from leakdoc.cli.verify_recovered import add_recovery, is_of_recovery, proof_of_recovery
from leakdoc.cli.verify_workload import is_of_workload
from leakdoc.errors import UsageError
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.model.proof import Proof
    from leakdoc.model.trace import Trace


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "AFTER should begin with the new processes. One recording that spans the\n"
        "rollout will do: it is split at --rollout-at, or where a restart or a new\n"
        "version shows it. With --wait, AFTER may be a file that is being written, or a\n"
        "live target (a pid), which is watched meanwhile. Of a workload in Prometheus the\n"
        "last rollout is found by its builds (image or version) or starts; while a canary\n"
        "and the stable build both run, they are compared side by side. With --recovered,\n"
        "levels such as latency, waiters and errors are held against their baseline.\n\n"
        "exit codes: 0 normalized; 1 improved, not fixed or worse; 3 inconclusive\n\n"
        "examples:\n"
        "  leakdoc verify before.leakdoc after.leakdoc --proof proof.json\n"
        "  leakdoc verify week.csv --rollout-at 2026-11-23T03:12Z --load jobs_total\n"
        "  leakdoc verify before.leakdoc 4242 --wait --for 2h --proof proof.json\n"
        "  leakdoc verify --recovered bad.csv after.csv --incident-at 2026-11-23T03:12Z\n"
        "  leakdoc verify --prometheus http://localhost:9090 --workload shop/api/web"
    )
    parser.add_argument("before", metavar="BEFORE", nargs="?", help="a recording, CSV or Parquet file of the leak")
    parser.add_argument("after", metavar="AFTER", nargs="?", help="the same after the fix; with --wait also a target")
    parser.add_argument("--rollout-at", type=instant, metavar="TIME", help="split here instead of giving AFTER")
    parser.add_argument("--proof", metavar="FILE", help="write the decision with its evidence, for `leakdoc recheck`")
    parser.add_argument("--sign", metavar="KEY", help="sign --proof FILE with an SSH key, by ssh-keygen")
    parser.add_argument("--force", action="store_true", help="let --proof write over a file that is no proof")
    parser.add_argument("--load", metavar="COLUMN", help="the column that counts requests (default: requests_total)")
    add_pipeline(parser)
    _add_waiting(parser)
    add_recovery(parser)
    add_judging(parser)
    add_json(parser)
    add_prometheus(parser, workload=True)


def _add_waiting(parser: argparse.ArgumentParser) -> None:
    waiting = parser.add_argument_group("waiting for what is missing")
    waiting.add_argument("--wait", action="store_true", help="look again, as AFTER grows, until it is decided")
    waiting.add_argument("--for", dest="for_s", type=duration, metavar="TIME", help="wait no longer than that")
    waiting.add_argument(
        "--interval", type=positive_duration, default=1.0, metavar="TIME",
        help="between samples of a live target (default: 1s)",
    )  # fmt: skip
    waiting.add_argument("--record", metavar="FILE", help="keep the samples of a live target")


def execute(args: argparse.Namespace) -> int:
    """Compare, keep the evidence, and say what it comes to."""
    from leakdoc.model.proof_document import proof_document
    from leakdoc.reporting.proof_text import proof_lines

    _refuse_target(args)
    _tell_if_alike(args.before, args.after)
    proof = _verified(args)
    if args.proof:
        from leakdoc.verification.write import write_proof

        tell_kept(write_proof(proof, args.proof, force=args.force, sign=args.sign))
    if args.json:
        print_json(proof_document(proof))
    else:
        print_lines(proof_lines(proof))
    tell_pipeline(args, proof, source=Path(args.before or args.proof or "-"))
    return proof_code(proof.decision)


def _tell_if_alike(before: str | None, after: str | None) -> None:
    """Say that something is held against itself, which is a slip: it is judged all the same."""
    from filecmp import cmp

    if before is None or after is None or not (Path(before).is_file() and Path(after).is_file()):
        return
    with suppress(OSError):
        if cmp(before, after, shallow=False):
            which = "are the same file" if Path(before).samefile(after) else "hold the same, byte for byte"
            tell(f"BEFORE and AFTER {which}: what was measured is held against itself.")


def _refuse_target(args: argparse.Namespace) -> None:
    """What may not be written over is refused before anything is computed."""
    if args.sign is not None and (not args.proof or not Path(args.sign).is_file()):
        told = f"there is no key {inert(args.sign)}" if args.proof else "--sign signs the file of --proof"
        raise UsageError(told, help="Give --proof FILE --sign KEY; ssh-keygen -t ed25519 -f KEY makes a key.")
    sources = [Path(each) for each in (args.before, args.after, args.baseline) if each is not None]
    refuse_pipeline_files(args, sources)
    if not args.proof:
        return
    from leakdoc.cli.out_file import refuse
    from leakdoc.verification.write import is_proof

    refuse(Path(args.proof), sources=sources, force=args.force, ours=is_proof, option="--proof FILE")


def _verified(args: argparse.Namespace) -> Proof:
    from leakdoc.verification.verify import verify

    if is_of_recovery(args):
        return proof_of_recovery(args)
    policies, verification = judging_of(args)
    if is_of_workload(args):
        from leakdoc.cli.verify_workload import proof_of_workload

        return proof_of_workload(args, policies, verification)
    if args.before is None:
        raise UsageError("nothing was given to compare", help="Give BEFORE and AFTER, or --prometheus and --workload.")
    before, after, load = args.before, args.after, args.load
    if after is not None and args.rollout_at is not None:
        raise UsageError("--rollout-at splits one recording; here are two", help="Leave out one of them.")
    if args.wait:
        from leakdoc.cli.verify_waiting import wait_for_proof

        return wait_for_proof(args, policies, verification)
    if args.for_s is not None or args.record is not None:
        raise UsageError("--for and --record belong to --wait", help="Add --wait, or leave them out.")
    if after is None:
        before, after = _split(args)
        load = None
    return verify(before, after, policies=policies, verification=verification, load=load)


def _split(args: argparse.Namespace) -> tuple[Trace, Trace]:
    from leakdoc.sampling.sources.load import load_trace
    from leakdoc.verification.rollout import split

    return split(load_trace(args.before, load_column=args.load), args.rollout_at)
