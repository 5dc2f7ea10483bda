"""``leakdoc diagnose FILE…``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from leakdoc.cli.exit_codes import ANSWERED, COULD_NOT, FAULT, UNDECIDED, code_of
from leakdoc.cli.options import add_json, add_judging, policies_of
from leakdoc.cli.output import print_json, print_lines, tell
from leakdoc.errors import SourceError, UsageError

if TYPE_CHECKING:
    from leakdoc.model.diagnosis import Diagnosis


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "A CSV has a column `time` (seconds since the epoch, or ISO 8601) and one column\n"
        "a metric: rss_bytes, open_fds, requests_total, ... docs/files.md lists them.\n"
        "With several files, one that cannot be read is skipped, and the exit code is the\n"
        "worst: 1 if one has a fault, else 4 if one was skipped, else 3, else 0.\n\n"
        "examples:\n"
        "  leakdoc diagnose before.leakdoc\n"
        "  leakdoc diagnose memory.csv --load jobs_total --limit 512MiB --json\n"
        "  leakdoc diagnose memory.csv --plot memory.svg"
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a recording, CSV or Parquet file")
    parser.add_argument("--load", metavar="COLUMN", help="the column that counts requests (default: requests_total)")
    parser.add_argument(
        "--plot", metavar="PNG|SVG", type=Path,
        help="draw it too: readings, growth with its interval, limit and verdict (of one FILE)",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="let --plot write over a file that is there")
    add_judging(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Read, judge, and give the verdicts."""
    from leakdoc.detection.discovery import discovery_of
    from leakdoc.model.documents import diagnosis_document, scan_document
    from leakdoc.model.scan import Scan
    from leakdoc.reporting.screen import last_screen

    if args.plot is not None:
        _refuse_early(args)
    diagnoses, skipped = _judge(args)
    if args.plot is not None and diagnoses:
        _draw(args, diagnoses[0])
    if not args.json:
        for diagnosis in diagnoses:
            print_lines(last_screen(diagnosis))
    elif len(args.files) == 1:
        print_json(diagnosis_document(diagnoses[0]))
    else:
        scan = Scan(diagnoses=tuple(diagnoses), skipped=skipped, discovery=discovery_of(diagnoses))
        print_json(scan_document(scan))
    for file, reason in skipped.items():
        tell(f"leakdoc: skipped {file}: {reason}")
    codes = {code_of(diagnosis.decision) for diagnosis in diagnoses} | ({COULD_NOT} if skipped else set())
    return next(code for code in WORST_FIRST if code in codes)


def _refuse_early(args: argparse.Namespace) -> None:
    """Refuse a picture that cannot be written before anything is read."""
    from leakdoc.cli.out_file import refuse
    from leakdoc.reporting.picture import suffix_of

    if len(args.files) > 1:
        raise UsageError("--plot draws one FILE", help="Run it once for each, or see leakdoc report.")
    suffix_of(args.plot)
    refuse(args.plot, sources=[Path(args.files[0])], force=args.force, ours=lambda _: False, option="--plot")


def _draw(args: argparse.Namespace, diagnosis: Diagnosis) -> None:
    from leakdoc.redact import inert
    from leakdoc.reporting.picture import plot
    from leakdoc.sampling.sources.load import load_trace

    trace = load_trace(args.files[0], load_column=args.load)
    if args.limit is not None:
        trace = replace(trace, facts=replace(trace.facts, limit_bytes=args.limit))
    plot(diagnosis, args.plot, trace=trace)
    tell(f"Picture: {inert(str(args.plot), longest=1_000)}")


def _judge(args: argparse.Namespace) -> tuple[list[Diagnosis], dict[str, str]]:
    """Judge every file; of several, those that cannot be read are skipped, each with its reason."""
    from leakdoc.detection.diagnosis import diagnose

    policies = policies_of(args)
    diagnoses, skipped = [], {}
    for file in args.files:
        try:
            diagnoses.append(diagnose(file, policies=policies, load=args.load))
        except SourceError as error:
            if len(args.files) == 1:
                raise
            skipped[file] = error.message
    return diagnoses, skipped


WORST_FIRST = (FAULT, COULD_NOT, UNDECIDED, ANSWERED)
