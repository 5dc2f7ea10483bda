"""``leakdoc playbook merge PLAYBOOK… -o FILE``."""

from __future__ import annotations

import argparse
from pathlib import Path

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines, tell
from leakdoc.cli.playbook_files import add_out, write_playbook


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.epilog = (
        "What the playbooks agree on stands once, with its support; variants stand side\n"
        "by side. Different classes of incidents, and opposite orders of steps that\n"
        "write, are refused. The order in which playbooks are given does not matter.\n\n"
        "example:\n"
        "  leakdoc playbook merge a.yaml b.yaml -o both.yaml"
    )
    parser.add_argument("playbooks", metavar="PLAYBOOK", nargs="+", help="a playbook's name or file")
    add_out(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Merge and write."""
    from leakdoc.playbook.records.cases import merged_files

    data = merged_files(args.playbooks)
    sources = [Path(name) for name in args.playbooks if Path(name).is_file()]
    problems = write_playbook(args.out, data, sources=sources, force=args.force, comments_from=sorted(args.playbooks))
    for line in problems:
        tell(line)
    support = {step_id: each["support"] for step_id, each in data["provenance"]["steps"].items()}
    if args.json:
        print_json(
            {"schema": "leakdoc.playbook-merge/1", "playbook": str(args.out), "support": support, "problems": problems}
        )
    else:
        print_lines([f"{step_id}: in {each}" for step_id, each in support.items()])
    return ANSWERED
