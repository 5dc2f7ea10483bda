"""``leakdoc playbook …``: a table of actions, each loaded with the command."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Final, NamedTuple


class Action(NamedTuple):
    """One action: its name, the module that configures and executes it, and its job in a line."""

    name: str
    module: str
    summary: str


ACTIONS: Final = (
    Action("list", "leakdoc.cli.playbook_list", "the playbooks that are installed"),
    Action("show", "leakdoc.cli.playbook_show", "what a playbook takes and does"),
    Action("run", "leakdoc.cli.playbook_run", "run a playbook, or say what it would do"),
    Action("resume", "leakdoc.cli.playbook_resume", "go on with a run from its journal"),
    Action("check", "leakdoc.cli.playbook_check", "what is wrong with a playbook, or what of a record it covers"),
    Action("extract", "leakdoc.cli.playbook_extract", "a playbook out of the records of incidents"),
    Action("merge", "leakdoc.cli.playbook_merge", "several playbooks of one class as one"),
    Action("improve", "leakdoc.cli.playbook_improve", "a playbook with what another record teaches"),
    Action("export", "leakdoc.cli.playbook_export", "a playbook for Devin, as a skill, or as a page"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "NAME|FILE is a playbook that is installed, or a file that ends in .yaml.\n\n"
        "examples:\n"
        "  leakdoc playbook list\n"
        "  leakdoc playbook check ./incident.yaml\n"
        "  leakdoc playbook run ./incident.yaml -p target=4242 --dry-run"
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for action in ACTIONS:
        subparser = actions.add_parser(
            action.name,
            help=action.summary,
            description=action.summary[0].upper() + action.summary[1:] + ".",
            formatter_class=parser.formatter_class,
            allow_abbrev=False,
        )
        module = import_module(action.module)
        module.configure(subparser)
        subparser.set_defaults(act=module.execute)


def execute(args: argparse.Namespace) -> int:
    """Do what the action is for."""
    code: int = args.act(args)
    return code
