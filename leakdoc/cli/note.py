"""``leakdoc note TEXT``."""

from __future__ import annotations

import argparse
from pathlib import Path

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines
from leakdoc.redact import inert


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "Without --journal the note goes into the journal that LEAKDOC_JOURNAL names,\n"
        "else into the only one here whose run has not ended. Secrets are taken out.\n\n"
        "examples:\n"
        '  leakdoc note "thread count is flat: ruled out"\n'
        '  leakdoc note --journal incident.journal.jsonl "told the payments team"'
    )
    parser.add_argument("text", metavar="TEXT", help="what is to be remembered")
    parser.add_argument("--journal", type=Path, metavar="FILE", help="the journal")
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Append the note."""
    from leakdoc.playbook.journal.lines import document_of
    from leakdoc.playbook.journal.running import running_journal
    from leakdoc.playbook.journal.session import open_for_notes

    with open_for_notes(args.journal or running_journal(Path.cwd())) as journal:
        event = journal.note(args.text)
        if args.json:
            print_json(document_of(event))
        else:
            print_lines([f"Noted in {inert(str(journal.path))}, line {event.seq + 1}"])
    return ANSWERED
