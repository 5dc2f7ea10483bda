"""The pieces of a Markdown report, as GitHub and GitLab read it. Foreign text shows as itself and does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from leakdoc.reporting.foreign import shown

# What would begin markup, HTML, a table cell, a formula, or (before a slash) a link that no one asked for.
_MARKUP: Final = re.compile(r"[\\`*_\[\]|~$]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Mentions and references are made of the finished text, where a backslash no longer helps: a space of no width does.
_CALLS: Final = {"@": "@&#8203;", "#": "#&#8203;"}


def escaped(text: str) -> str:
    """Return foreign or own text as Markdown that shows it on one line: no markup, links, HTML, mentions."""
    plain = shown(text)
    quoted = re.sub("[&<>]", lambda match: _HTML[match[0]], plain)
    marked = _MARKUP.sub(lambda match: f"\\{match[0]}", quoted)
    return re.sub("[@#]", lambda match: _CALLS[match[0]], marked).strip()


def code(text: str) -> str:
    """Return text as code, which nothing in it can end."""
    plain = shown(text).replace("|", "¦")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    return f"{fence} {plain} {fence}" if "`" in plain else f"{fence}{plain}{fence}"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; none when there are no rows."""
    listed = list(rows)
    if listed:
        yield _row(headers)
        yield _row(["---"] * len(headers))
        yield from (_row([escaped(cell) for cell in row]) for row in listed)
        yield ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def section(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield a titled section; nothing when it would be empty."""
    listed = list(lines)
    if listed:
        yield from (f"### {title}", "", *listed, *([""] if listed[-1] else []))


def bullets(items: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a list."""
    return (f"- {escaped(item)}" for item in items)


def details(summary: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield what is shown on request; nothing when there is nothing."""
    listed = list(lines)
    if listed:
        yield from (f"<details><summary>{summary}</summary>", "", *listed, "", "</details>", "")
