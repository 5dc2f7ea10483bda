"""``leakdoc playbook show NAME|FILE``."""

from __future__ import annotations

import argparse

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.add_argument("playbook", metavar="NAME|FILE", help="an installed playbook, or a file")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print what the playbook takes and does."""
    from leakdoc.cli.playbook_words import playbook_document, shown
    from leakdoc.playbook.loading import load
    from leakdoc.playbook.registry import installed

    document = playbook_document(load(args.playbook), installed())
    if args.json:
        print_json(document)
    else:
        print_lines(shown(document))
    return ANSWERED
