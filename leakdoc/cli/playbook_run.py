"""``leakdoc playbook run NAME|FILE``."""

from __future__ import annotations

import argparse
from pathlib import Path

from leakdoc.cli.options import add_json, add_parameters, parameters_given
from leakdoc.cli.playbook_going import add_going, directory_of, report, setting_of, stopped_by_signals


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.epilog = (
        "Everything is checked before the first step. The journal is written while it\n"
        "happens; a run that stops can be resumed from it, after a crash too.\n"
        "Exit code 0 passed, 1 failed or rolled back, 3 inconclusive or waiting for an\n"
        "approval, 4 could not be done."
    )
    parser.add_argument("playbook", metavar="NAME|FILE", help="an installed playbook, or a file")
    add_parameters(parser)
    parser.add_argument("--journal", type=Path, metavar="FILE", help="the journal (default: a new file here)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done; only look")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="where steps write files (default: here)")
    add_going(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Run the playbook."""
    from leakdoc.playbook.engine.run import start
    from leakdoc.playbook.loading import load

    loaded = load(args.playbook)
    setting = setting_of(args, loaded.playbook, directory_of(args.directory))
    given = parameters_given(args.parameters)
    if args.dry_run:
        from leakdoc.playbook.engine.dry_run import dry_run

        return report(args, dry_run(loaded, given, setting))
    with stopped_by_signals():
        return report(args, start(loaded, given, setting, journal=args.journal))
