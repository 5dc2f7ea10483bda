"""``leakdoc playbook check PLAYBOOK``."""

from __future__ import annotations

import argparse

from leakdoc.cli.exit_codes import ANSWERED, FAULT
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.epilog = (
        "Nothing is run. Everything that is wrong is told at once, with its line.\n"
        "Exit code 0 when nothing is, 1 when something is, 4 when the file cannot be\n"
        "read."
    )
    parser.add_argument("playbook", metavar="NAME|FILE", help="an installed playbook, or a file")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print every problem."""
    from leakdoc.cli.playbook_words import check_document, problems_told
    from leakdoc.playbook.library import find
    from leakdoc.playbook.loading import examine

    examined = examine(find(args.playbook))
    if args.json:
        print_json(check_document(examined))
    else:
        print_lines(problems_told(examined))
    return FAULT if examined.problems else ANSWERED
