"""``leakdoc step list|show|run``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from leakdoc.cli.exit_codes import ANSWERED, COULD_NOT, FAULT, UNDECIDED
from leakdoc.cli.options import add_json, add_parameters, parameters_given
from leakdoc.cli.output import print_json, print_lines, tell
from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome

CODES: Final = {
    Outcome.PASSED: ANSWERED,
    Outcome.FAILED: FAULT,
    Outcome.ROLLED_BACK: FAULT,
    Outcome.INCONCLUSIVE: UNDECIDED,
    Outcome.SKIPPED: UNDECIDED,
    Outcome.WAITING: UNDECIDED,
    Outcome.ERROR: COULD_NOT,
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "A name may leave out the prefix `leakdoc.`. Without --json, `run` leaves out\n"
        "what does not fit on a line.\n\n"
        "examples:\n"
        "  leakdoc step show detect_growth\n"
        "  leakdoc step run sample_memory -p target=4242 -p for=10m\n"
        "  leakdoc step run detect_growth -p trace=before.leakdoc --json\n"
        "  leakdoc step run verify_normalized -p before=a.leakdoc -p after=b.leakdoc"
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _configure_list(actions.add_parser("list", help="the steps that are installed", allow_abbrev=False))
    _configure_show(actions.add_parser("show", help="what a step does and takes", allow_abbrev=False))
    _configure_run(actions.add_parser("run", help="run one step", allow_abbrev=False))


def _configure_list(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    parser.set_defaults(act=_list)


def _configure_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the step")
    add_json(parser)
    parser.set_defaults(act=_show)


def _configure_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the step")
    add_parameters(parser)
    parser.add_argument(
        "--directory", type=Path, default=None, metavar="DIR", help="where its files go (default: the current one)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    add_json(parser)
    parser.set_defaults(act=_run)


def execute(args: argparse.Namespace) -> int:
    """List, show or run."""
    code: int = args.act(args)
    return code


def _list(args: argparse.Namespace) -> int:
    from leakdoc.cli.step_words import listed, registry_document
    from leakdoc.playbook.registry import installed

    registry = installed()
    if args.json:
        print_json(registry_document(registry))
    else:
        print_lines(listed(registry))
    for each in registry.refused:
        tell(f"leakdoc: step {each.name} of {each.origin} cannot be used: {each.reason}")
    return ANSWERED


def _show(args: argparse.Namespace) -> int:
    from leakdoc.cli.step_words import shown, step_document
    from leakdoc.playbook.registry import installed

    document = step_document(installed().get(args.name))
    if args.json:
        print_json(document)
    else:
        print_lines(shown(document))
    return ANSWERED


def _run(args: argparse.Namespace) -> int:
    from leakdoc.cli.step_words import told
    from leakdoc.cli.watching import ended_by_signals
    from leakdoc.model.documents import step_result_document
    from leakdoc.playbook.context import StepContext
    from leakdoc.playbook.running import run_step

    ctx = StepContext(directory=_directory(args.directory), progress=_unheard if args.quiet else tell)
    with ended_by_signals(ctx.cancelled.set):
        result = run_step(args.name, parameters_given(args.parameters), ctx)
    if args.json:
        print_json(step_result_document(result))
    else:
        print_lines(told(result))
    return CODES[result.outcome]


def _unheard(text: str) -> None:
    del text


def _directory(given: Path | None) -> Path:
    if given is not None and not given.is_dir():
        raise UsageError(f"not a directory: {str(given)!r}", help=f"Make it first: mkdir -p {given}")
    return given or Path.cwd()
