"""``leakdoc playbook resume JOURNAL``."""

from __future__ import annotations

import argparse
from pathlib import Path

from leakdoc.cli.options import add_json
from leakdoc.cli.playbook_going import add_going, report, setting_of, settled, stopped_by_signals


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.epilog = (
        "What was begun and has no result is asked for by the step's probe; nothing is\n"
        "done twice. Where no probe can tell, the run stops until a person says so with\n"
        "--settle. A run that has ended is only shown."
    )
    parser.add_argument("journal", metavar="JOURNAL", type=Path, help="the journal of the run")
    parser.add_argument(
        "--settle",
        action="append",
        default=[],
        metavar="STEP=WORD",
        help="done or not-done: what you found of a step whose effect is unknown",
    )
    parser.add_argument("--head", metavar="HASH", help="a line's hash that you noted: it must be in the journal")
    add_going(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Go on with the run."""
    from leakdoc.playbook.engine.run import began_with, resume
    from leakdoc.playbook.journal.reading import read_journal
    from leakdoc.redact import inert

    playbook, _ = began_with(read_journal(args.journal, head=args.head).events, inert(str(args.journal)))
    setting = setting_of(args, playbook, Path.cwd(), settle=settled(args.settle, playbook))
    with stopped_by_signals():
        return report(args, resume(args.journal, setting, head=args.head))
