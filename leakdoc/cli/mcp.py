"""``leakdoc mcp``."""

from __future__ import annotations

import argparse
from pathlib import Path

from leakdoc.cli.options import duration


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "Serves steps that only read to an agent, over standard input and output. What\n"
        "may be looked at is said here, and not by the agent: targets, directories with\n"
        "recordings, and settings such as the DSN of a database. There are no tools that\n"
        "change something, run a command or give an approval.\n\n"
        "examples:\n"
        "  leakdoc mcp --target 4242 --recordings ./recordings\n"
        "  leakdoc mcp --target 4242 --set postgres=env:PAYMENTS_DSN"
    )
    parser.add_argument(
        "--target", action="append", default=[], metavar="TARGET", help="what may be looked at; may be given again"
    )
    parser.add_argument(
        "--recordings",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="where recordings are, and new ones go (default: a new temporary directory)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of steps that the agent does not choose; secrets as env:NAME or file:PATH",
    )
    parser.add_argument(
        "--patience",
        type=duration,
        default=20.0,
        metavar="TIME",
        help="what takes longer returns a run id (default: 20s)",
    )


def execute(args: argparse.Namespace) -> int:
    """Serve until the client goes away."""
    from leakdoc.cli.mcp_scope import scope_of
    from leakdoc.cli.mcp_server import serve

    serve(scope_of(args.target, args.recordings, args.set), patience_s=args.patience)
    return 0
