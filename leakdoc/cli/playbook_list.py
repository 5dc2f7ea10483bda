"""``leakdoc playbook list``."""

from __future__ import annotations

import argparse

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print a line for each playbook."""
    from leakdoc.cli.playbook_words import library_document, listed
    from leakdoc.playbook.library import offered
    from leakdoc.playbook.loading import examine

    examined = [examine(each) for each in offered()]
    if args.json:
        print_json(library_document(examined))
    else:
        print_lines(listed(examined))
    return ANSWERED
