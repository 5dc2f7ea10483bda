"""``leakdoc schema [NAME]``."""

from __future__ import annotations

import argparse

from leakdoc.cli.output import print_lines
from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.reporting.schemas import names, schema_text


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = "names:\n" + "\n".join(f"  {name}" for name in names())
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="the document, as its field `schema` calls it; without, all are listed"
    )


def execute(args: argparse.Namespace) -> int:
    """Print the schema, or the names of all."""
    if args.name is None:
        print_lines(names())
        return 0
    name = args.name.removeprefix("leakdoc.").removesuffix("/1")
    if name not in names():
        raise UsageError(f"there is no schema {inert(args.name)!r}", help=f"There are: {', '.join(names())}.")
    print_lines(schema_text(name).splitlines())
    return 0
