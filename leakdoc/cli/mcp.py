"""``leakdoc mcp``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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
        help="where recordings are, and new ones go (default: a directory that ends with the server)",
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

    with _own_directory() if not args.recordings else nullcontext() as own:
        serve(scope_of(args.target, args.recordings or [own], args.set), patience_s=args.patience)
    return 0


@contextmanager
def _own_directory() -> Iterator[Path]:
    """Make a directory for new recordings, which is gone with the server, also where it is told to end."""
    import shutil
    import signal
    import tempfile

    made: list[Path] = []

    def remove() -> None:
        for each in made:
            shutil.rmtree(each, ignore_errors=True)

    def end(number: int, _: object) -> None:
        remove()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    before = signal.signal(signal.SIGTERM, end)
    made.append(Path(tempfile.mkdtemp(prefix="leakdoc-mcp-")))
    try:
        yield made[0]
    finally:
        signal.signal(signal.SIGTERM, before)
        remove()
