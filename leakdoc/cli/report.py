"""``leakdoc report FILE``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from leakdoc.cli.options import add_judging, policies_of
from leakdoc.cli.out_file import replacing
from leakdoc.cli.output import print_lines, tell
from leakdoc.errors import UsageError
from leakdoc.redact import inert

FORMATS: Final = {
    ".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".png": "png", ".svg": "svg"
}  # fmt: skip
_HEAD: Final = 4_096  # bytes in which a report says what it is


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "FILE is a recording, a CSV or Parquet file (judged on the spot), a proof that\n"
        "`leakdoc verify --proof` wrote (rechecked first), a diagnosis in JSON, or the\n"
        "journal of a run, which becomes a postmortem.\n"
        "A page loads nothing and runs nothing: one file, to mail or to attach.\n"
        "Exit code 0 when the report is written, whatever it says.\n\n"
        "examples:\n"
        "  leakdoc report before.leakdoc                    # before.html, here\n"
        "  leakdoc report proof.json --format markdown      # to standard output\n"
        "  leakdoc report memory.csv -o incident-42.html\n"
        "  leakdoc report proof.json -o proof.png           # for a chat"
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="what to report on")
    parser.add_argument(
        "-o", "--output", metavar="OUT",
        help="where to write; - is standard output (default: NAME.html here; Markdown: standard output)",
    )  # fmt: skip
    parser.add_argument(
        "--format", choices=("html", "markdown", "png", "svg"), help="default: by the suffix of OUT, else html"
    )
    parser.add_argument("--force", action="store_true", help="write over a file that is not a report of leakdoc")
    parser.add_argument("--load", metavar="COLUMN", help="the column that counts requests (default: requests_total)")
    add_judging(parser)


def execute(args: argparse.Namespace) -> int:
    """Read, judge where that is still to do, and write the report."""
    kind = _format(args.format, args.output)
    target = _target(args.file, kind, args.output)
    report = _report(args, kind)
    if target is None:
        print_lines(report.decode("utf-8").splitlines())
        return 0
    with replacing(target, source=args.file, force=args.force, ours=is_report) as beside:
        beside.write_bytes(report)
    tell(f"Report: {inert(str(target), longest=1_000)}")
    return 0


def is_report(file: Path) -> bool:
    """Say whether a file is a report that leakdoc wrote."""
    from leakdoc.reporting.html_page import MARKER as PAGE
    from leakdoc.reporting.markdown import MARKER as MARKDOWN

    with file.open("rb") as opened:
        head = opened.read(_HEAD).decode("utf-8", "replace")
    return PAGE in head or head.startswith(MARKDOWN)


def _format(chosen: str | None, output: str | None) -> str:
    if chosen is not None:
        return chosen
    if output is None or output == "-":
        return "html"
    found = FORMATS.get(Path(output).suffix.lower())
    if found is None:
        raise UsageError(
            f"no format is known by the suffix of {inert(output)}",
            help=f"Name the file *{', *'.join(FORMATS)}, or give --format.",
        )
    return found


def _target(file: Path, kind: str, output: str | None) -> Path | None:
    """Return where to write; null for standard output."""
    if kind == "png" and output == "-":
        raise UsageError("a PNG is no text for standard output", help="Name a file: -o NAME.png.")
    if output == "-" or (output is None and kind == "markdown"):
        return None
    return Path(output) if output is not None else Path(f"{file.stem}.{kind}")


def _report(args: argparse.Namespace, kind: str) -> bytes:
    from leakdoc.cli.report_source import incident_in, judgement_of

    incident = incident_in(args.file)
    if incident is not None:
        return _postmortem(incident, kind)
    judgement, trace = judgement_of(args.file, policies=policies_of(args), load=args.load, limit_bytes=args.limit)
    if kind in ("png", "svg"):
        from leakdoc.reporting.picture import plot

        picture = plot(judgement, trace=trace)
        return picture.png() if kind == "png" else picture.svg().encode()
    from leakdoc.reporting.html import to_html
    from leakdoc.reporting.markdown import to_markdown

    return (to_html if kind == "html" else to_markdown)(judgement, trace=trace).encode()


def _postmortem(incident: Any, kind: str) -> bytes:
    from leakdoc.reporting.postmortem_pages import postmortem_html, postmortem_markdown

    if kind in ("png", "svg"):
        raise UsageError("a postmortem is no picture", help="Give --format html or markdown.")
    written: str = (postmortem_html if kind == "html" else postmortem_markdown)(incident)
    return written.encode()
