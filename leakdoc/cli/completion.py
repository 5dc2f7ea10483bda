"""``leakdoc completion SHELL``."""

from __future__ import annotations

import argparse

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.errors import MissingDependency


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "examples:\n"
        "  leakdoc completion bash > ~/.local/share/bash-completion/completions/leakdoc\n"
        "  leakdoc completion zsh > ~/.zfunc/_leakdoc"
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell to complete in")


def execute(args: argparse.Namespace) -> int:
    """Print the script."""
    try:
        import shtab
    except ImportError:
        raise MissingDependency(
            "completion scripts are made by shtab, which is not installed", help="pip install 'leakdoc[completion]'"
        ) from None
    from leakdoc.cli.parser import full_parser

    print(shtab.complete(full_parser(), shell=args.shell))
    return ANSWERED
