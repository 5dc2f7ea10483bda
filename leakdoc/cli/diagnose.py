"""``leakdoc diagnose FILE…``."""

from __future__ import annotations

import argparse

from leakdoc.cli.exit_codes import code_of
from leakdoc.cli.options import add_json, add_judging, policies_of
from leakdoc.cli.output import print_json, print_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "A CSV has a column `time` (seconds since the epoch, or ISO 8601) and one column\n"
        "a metric: rss_bytes, open_fds, requests_total, ... docs/files.md lists them.\n"
        "With several files the exit code is that of the worst.\n\n"
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
    from leakdoc.detection.diagnosis import diagnose
    from leakdoc.model.documents import diagnosis_document
    from leakdoc.reporting.screen import last_screen

    policies = policies_of(args)
    diagnoses = [diagnose(file, policies=policies, load=args.load) for file in args.files]
    if args.json:
        documents = [diagnosis_document(diagnosis) for diagnosis in diagnoses]
        print_json(
            documents[0] if len(documents) == 1 else {"schema": "leakdoc.scan/1", "diagnoses": documents, "skipped": []}
        )
    else:
        for diagnosis in diagnoses:
            print_lines(last_screen(diagnosis))
    return max((code_of(diagnosis.decision) for diagnosis in diagnoses), key=SEVERITY.index)


SEVERITY = (0, 3, 1)  # of exit codes: a fault in one file outweighs what is undecided in another
