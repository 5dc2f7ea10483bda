"""``leakdoc export FILE --to FORMAT``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from leakdoc.cli.out_file import replacing
from leakdoc.cli.output import tell
from leakdoc.errors import UsageError
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.model.trace import Trace

FORMATS: Final = ("csv", "parquet", "json", "openmetrics")


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "csv and parquet are read back by leakdoc and by pandas as they are; json is one\n"
        "sample a line; openmetrics is what `promtool tsdb create-blocks-from` takes.\n\n"
        "examples:\n"
        "  leakdoc export before.leakdoc --to csv > before.csv\n"
        "  leakdoc export before.leakdoc --to parquet -o before.parquet"
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="a recording, CSV or Parquet file")
    parser.add_argument("--to", choices=FORMATS, required=True, help="the format to write")
    parser.add_argument("-o", "--output", metavar="OUT", help="where to write (default: - for standard output)")
    parser.add_argument("--force", action="store_true", help="write over a file that is already there")


def execute(args: argparse.Namespace) -> int:
    """Read the samples, and write them."""
    from leakdoc.sampling.sources.load import load_trace

    output = None if args.output in (None, "-") else Path(args.output)
    if output is None and args.to == "parquet":
        raise UsageError("Parquet is not for standard output", help="Name a file with -o FILE.parquet.")
    trace = load_trace(args.file)
    if output is None:
        _to_standard_output(trace, args.to)
        return 0
    with replacing(output, source=args.file, force=args.force, ours=lambda _: False) as beside:
        _to_file(trace, args.to, beside)
    tell(f"Exported: {inert(str(output), longest=1_000)} ({len(trace):,} samples)")
    return 0


def _to_standard_output(trace: Trace, kind: str) -> None:
    """Write UTF-8 with bare newlines, whatever the terminal's encoding: it is data."""
    with open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as out:
        _to_text(trace, kind, out)


def _to_file(trace: Trace, kind: str, path: Path) -> None:
    if kind == "parquet":
        from leakdoc.sampling.export import export_parquet

        export_parquet(trace, path)
        return
    with path.open("w", encoding="utf-8", newline="") as out:
        _to_text(trace, kind, out)


def _to_text(trace: Trace, kind: str, out: TextIO) -> None:
    from leakdoc.sampling.export import export_csv, export_json, export_openmetrics

    {"csv": export_csv, "json": export_json, "openmetrics": export_openmetrics}[kind](trace, out)
