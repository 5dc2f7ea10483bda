"""The command line's grammar: a table of commands, each loaded only when it is named."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NamedTuple, NoReturn


class Command(NamedTuple):
    """One command: its name, the module that configures and executes it, and its job in a line."""

    name: str
    module: str
    summary: str


COMMANDS: Final = (
    Command("watch", "leakdoc.cli.watch", "sample a live process until the verdict is decisive"),
    Command("run", "leakdoc.cli.run", "start a command and watch it"),
    Command("diagnose", "leakdoc.cli.diagnose", "a verdict from a recording, CSV or Parquet file"),
    Command("connections", "leakdoc.cli.connections", "a process's connections by peer: state, age, openers"),
    Command("heap", "leakdoc.cli.heap", "which lines, and which containers, keep what is growing"),
    Command("verify", "leakdoc.cli.verify", "prove, or refuse to prove, that memory is normalized"),
    Command("recheck", "leakdoc.cli.recheck", "recompute a proof from the evidence inside it"),
    Command("guard", "leakdoc.cli.guard", "watch a rollout, and roll it back when it does harm"),
    Command("scan", "leakdoc.cli.scan", "judge every file of a folder, or every workload of a Prometheus"),
    Command("postmortem", "leakdoc.cli.postmortem", "what a Prometheus can still say after a kill"),
    Command("rules", "leakdoc.cli.rules", "print recording and alerting rules for Prometheus"),
    Command("exporter", "leakdoc.cli.exporter", "serve what a watch samples to a Prometheus"),
    Command("serve", "leakdoc.cli.serve", "verdicts over HTTP, read-only, from the files of a folder"),
    Command("playbook", "leakdoc.cli.playbook", "run playbooks: steps in order, for an incident, resumable"),
    Command("step", "leakdoc.cli.step", "list, show and run the steps that playbooks are made of"),
    Command("note", "leakdoc.cli.note", "write a note into the running journal"),
    Command("mcp", "leakdoc.cli.mcp", "serve steps that only read to an agent (MCP)"),
    Command("report", "leakdoc.cli.report", "an HTML or Markdown page of a recording or a proof"),
    Command("export", "leakdoc.cli.export", "a recording's samples as CSV, Parquet, JSON or OpenMetrics"),
    Command("schema", "leakdoc.cli.schema", "print the JSON Schema of a document"),
    Command("doctor", "leakdoc.cli.doctor", "what works here, what does not, and what mends it"),
    Command("agent", "leakdoc.cli.agent", "print the one-file agent, to copy into an image"),
    Command("demo", "leakdoc.cli.demo", "the whole story on a real service and a real PostgreSQL"),
    Command("completion", "leakdoc.cli.completion", "print a completion script for bash, zsh or tcsh"),
)

EPILOG: Final = """\
exit codes:
  0  healthy, normalized, passed, answered
  1  a fault, not normalized, or a step that failed
  2  the command line is wrong
  3  inconclusive, skipped, or waiting for an approval
  4  could not be done: target gone, denied, file damaged, internal error

`leakdoc COMMAND --help` explains each. The answer goes to standard output,
progress to standard error; with --json the answer is one JSON document.
"""


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Help at 80 columns whatever the terminal, so that it reads the same everywhere."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=80, max_help_position=26)
        self._action_max_length = max(len(command.name) for command in COMMANDS) + 4  # argparse forgets their indent


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong in two lines, as every error of leakdoc's is told."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"leakdoc: {message}\n`{self.prog} --help` shows how it is called.\n")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line, loading only the command that it names."""
    named = next((word for word in argv if not word.startswith("-")), None)
    return _parser(only=named).parse_args(list(argv))


def full_parser() -> argparse.ArgumentParser:
    """Return the parser with every command configured."""
    return _parser(only=None, everything=True)


def _parser(*, only: str | None, everything: bool = False) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="leakdoc",
        description="From a production leak to a proof that the fix normalized memory.",
        epilog=EPILOG,
        formatter_class=_Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        loaded = everything or command.name == only
        subparser = commands.add_parser(
            command.name,
            help=command.summary,
            description=command.summary[0].upper() + command.summary[1:] + ".",
            formatter_class=_Formatter,
            allow_abbrev=False,
        )
        if loaded:
            module = import_module(command.module)
            module.configure(subparser)
            subparser.set_defaults(execute=module.execute)
    return parser


class _Version(argparse.Action):
    """Print the version; it is looked up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from leakdoc import __version__

        print(f"leakdoc {__version__}")
        parser.exit()
