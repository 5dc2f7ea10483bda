"""``leakdoc diagnose FILE…``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from leakdoc.cli.exit_codes import ANSWERED, COULD_NOT, FAULT, UNDECIDED, code_of
from leakdoc.cli.options import add_json, add_judging, policies_of
from leakdoc.cli.output import print_json, print_lines, tell
from leakdoc.errors import SourceError

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
        "  leakdoc diagnose memory.csv --load jobs_total --limit 512MiB --json"
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a recording, CSV or Parquet file")
    parser.add_argument("--load", metavar="COLUMN", help="the column that counts requests (default: requests_total)")
    add_judging(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Read, judge, and give the verdicts."""
    from leakdoc.detection.discovery import discovery_of
    from leakdoc.model.documents import diagnosis_document, scan_document
    from leakdoc.model.scan import Scan
    from leakdoc.reporting.screen import last_screen

    diagnoses, skipped = _judge(args)
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
