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
    number = 0
    for line in export.procedure():
        number += not line.startswith(" ")
        yield line if line.startswith(" ") else f"{number}. {line}"
    yield from _section("Specifications", export.specifications())
    yield from _section("Advice", export.advice())
    yield from _section("Forbidden Actions", export.forbidden())
    yield from _section("Required from User", export.required())


def _section(name: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"## {name}", "")
    yield from (f"- {line}" for line in lines)
