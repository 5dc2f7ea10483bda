"""Playbooks that commands write."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

_HEAD: Final = 8192  # characters: a file may begin with comments


def add_out(parser: argparse.ArgumentParser, *, what: str = "the playbook's file") -> None:
    """Let the user say where the answer goes."""
    parser.add_argument("-o", "--out", metavar="FILE", type=Path, required=True, help=f"{what}; must be named")
    parser.add_argument("--force", action="store_true", help="write over a file that is no playbook")


def write_playbook(
    out: Path, data: dict[str, Any], *, sources: Sequence[Path], force: bool, comments_from: Sequence[str] = ()
) -> list[str]:
    """Write a playbook whole, or not at all, and return a line for each problem that its check finds.

    Args:
        comments_from: playbooks, by name or file, whose comments come along.

    Raises:
        UsageError: a file is there that is no playbook, or is one of the sources.
        LeakdocError: it cannot be written.
    """
    from leakdoc.cli.out_file import refuse, replacing
    from leakdoc.playbook.library import Source, find
    from leakdoc.playbook.loading import examine
    from leakdoc.playbook.records.comments import comments_of, with_comments
    from leakdoc.playbook.records.writing import as_yaml

    text = with_comments(as_yaml(data), [each for name in comments_from for each in comments_of(find(name).text)])
    refuse(out, sources=sources, force=force, ours=is_playbook)
    with replacing(out, source=out.with_name(f"{out.name}.none"), force=force, ours=is_playbook) as beside:
        beside.write_text(text, encoding="utf-8")
    examined = examine(Source(name=out.stem, origin=str(out), text=text, path=out))
    return [f"{out.name}: {problem.text}" for problem in examined.problems]


def is_playbook(path: Path) -> bool:
    """Whether a file that is there is a playbook, which may be written over."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = file.read(_HEAD).splitlines()
            first = next((line for line in lines if line.strip() and not line.startswith("#")), "")
            return first.startswith("apiVersion: leakdoc/")
    except (OSError, UnicodeDecodeError):
        return False
