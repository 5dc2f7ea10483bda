"""``leakdoc agent``."""

from __future__ import annotations

import argparse
import sys

from leakdoc.cli.exit_codes import ANSWERED


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "The agent is one file that needs the standard library alone. In your program:\n"
        "import leakdoc_agent; leakdoc_agent.start(). It is a thread that sleeps until\n"
        "`leakdoc` asks it, on a socket that only its own user and root may use. Where\n"
        "leakdoc is installed, leakdoc.agent is the same file; and\n"
        "`leakdoc run --agent -- CMD` starts a program with it.\n\n"
        "example:\n  leakdoc agent > leakdoc_agent.py"
    )


def execute(args: argparse.Namespace) -> int:
    """Print the file."""
    from leakdoc.attach.agent_file import agent_text

    del args
    sys.stdout.write(agent_text())
    return ANSWERED
