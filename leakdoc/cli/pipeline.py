"""What commands that end in a proof tell a pipeline: JUnit XML on request, and GitHub where it runs there."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.cli.out_file import refuse, replacing
from leakdoc.cli.output import tell

if TYPE_CHECKING:
    from leakdoc.model.proof import Proof

_HEAD = 4_096
# A pipe that nobody reads is refused, not waited for.
_APPENDING: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)


def add_pipeline(parser: argparse.ArgumentParser) -> None:
    """Let a pipeline have its report."""
    parser.add_argument("--junit", metavar="FILE", help="write the checks as JUnit XML")


def refuse_pipeline_files(args: argparse.Namespace, sources: Sequence[Path]) -> None:
    """Raise UsageError where a file may not be written over, before anything is computed."""
    if args.junit is not None:
        refuse(Path(args.junit), sources=sources, force=False, ours=_is_ours, option="--junit FILE")


def tell_pipeline(args: argparse.Namespace, proof: Proof, *, source: Path) -> None:
    """Write what was asked for, and annotate where this is a step of a GitHub workflow.

    Args:
        source: the file that was read, which is never written over.
    """
    if args.junit is not None:
        from leakdoc.reporting.junit import to_junit

        junit = Path(args.junit)
        with replacing(junit, source=source, force=False, ours=_is_ours, option="--junit FILE") as beside:
            beside.write_text(to_junit(proof), encoding="utf-8")
    from leakdoc.reporting.github import annotation_lines, runs_there, summary

    if not runs_there():
        return
    for line in annotation_lines(proof):
        tell(line)
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if target:
        try:
            with os.fdopen(os.open(target, _APPENDING, 0o666), "a", encoding="utf-8") as opened:
                opened.write(summary(proof) + "\n")
        except OSError as error:  # a summary that cannot be written changes no decision
            tell(f"leakdoc: the step's summary cannot be written: {error.strerror or error}")


def _is_ours(file: Path) -> bool:
    from leakdoc.reporting.junit import is_junit

    with file.open("rb") as opened:
        return is_junit(opened.read(_HEAD).decode("utf-8", "replace"))
