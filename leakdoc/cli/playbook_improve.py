"""``leakdoc playbook improve PLAYBOOK --from RECORD -o FILE``."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines, tell
from leakdoc.cli.playbook_extract import add_format, add_rules
from leakdoc.cli.playbook_files import add_out, write_playbook


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.epilog = (
        "Each edit is told in a line with the events that it comes from, and is made\n"
        "only if no record given with --against is then covered worse. The answer ends\n"
        "with the difference, as a pull request would show it.\n\n"
        "example:\n"
        "  leakdoc playbook improve playbook.yaml --from incident.jsonl -o better.yaml"
    )
    parser.add_argument("playbook", metavar="PLAYBOOK", help="a playbook's name or file")
    parser.add_argument("--from", dest="record", metavar="RECORD", type=Path, required=True, help="what it learns from")
    parser.add_argument(
        "--against", metavar="RECORD", nargs="+", default=[], type=Path, help="records it must not cover worse"
    )
    add_out(parser)
    add_format(parser)
    add_rules(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Improve, write, and show the edits."""
    from leakdoc.cli.own_memory import large_pieces_apart
    from leakdoc.playbook.records.cases import improved_file, rules_of

    large_pieces_apart()
    before, after, edits = improved_file(
        args.playbook, args.record, args.against, format=args.format, rulebook=rules_of(args.rules)
    )
    sources = [args.record, *args.against]
    problems = write_playbook(args.out, after, sources=sources, force=args.force, comments_from=[args.playbook])
    for line in problems:
        tell(line)
    if args.json:
        made = [
            {"what": each.what, "evidence": list(each.evidence), "kept": each.kept, "why_not": each.why_not or None}
            for each in edits
        ]
        print_json(
            {"schema": "leakdoc.playbook-improve/1", "playbook": str(args.out), "edits": made, "problems": problems}
        )
        return ANSWERED
    print_lines(each.line for each in edits)
    if not any(each.kept for each in edits):
        print_lines(["Nothing to learn: the playbook has all that the record shows."])
    print_lines(_difference(before, after, args))
    return ANSWERED


def _difference(before: dict[str, Any], after: dict[str, Any], args: argparse.Namespace) -> Iterator[str]:
    from leakdoc.playbook.records.writing import as_yaml
    from leakdoc.redact import inert

    old, new = as_yaml(before).splitlines(), as_yaml(after).splitlines()
    return difflib.unified_diff(old, new, inert(args.playbook), inert(str(args.out)), lineterm="")
