"""A playbook as Devin reads it: Markdown with fixed headings, one imperative step a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leakdoc.playbook.records.exporting.wording import Export


def devin_markdown(export: Export) -> str:
    """Return the text of a Devin playbook."""
    return "\n".join(_lines(export)) + "\n"


def _lines(export: Export) -> Iterator[str]:
    yield f"# {export.playbook.metadata.name}"
    yield from ("", "## Overview", "", export.description)
    yield from ("", "## Procedure", "")
    yield from numbered(export.procedure())
    yield from _section("Specifications", export.specifications())
    yield from _section("Advice", export.advice())
    yield from _section("Forbidden Actions", export.forbidden())
    yield from ("", "## Required from User", "", *export.required())


def numbered(procedure: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a procedure, its steps with their numbers; what is indented or empty belongs to a step."""
    number = 0
    for line in procedure:
        is_step = bool(line) and not line.startswith(" ")
        number += is_step
        yield f"{number}. {line}" if is_step else line.rstrip() if not line.strip() else line


def _section(name: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"## {name}", "")
    yield from (f"- {line}" for line in lines)
