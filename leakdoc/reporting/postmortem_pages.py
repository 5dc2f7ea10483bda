"""A postmortem as Markdown and as a page."""

from __future__ import annotations

from collections.abc import Iterator

from leakdoc.model.incident import Incident
from leakdoc.reporting import markdown_parts
from leakdoc.reporting.html_page import page
from leakdoc.reporting.html_parts import bullets, element, section, table
from leakdoc.reporting.markdown import MARKER
from leakdoc.reporting.postmortem import Part, parts_of, title_of


def postmortem_markdown(incident: Incident) -> str:
    """Return a postmortem as Markdown."""
    return "\n".join(_markdown(incident)).rstrip() + "\n"


def postmortem_html(incident: Incident) -> str:
    """Return a postmortem as one page that loads nothing and runs nothing."""
    title = f"Postmortem: {title_of(incident)}"
    return page(title, element("h1", title), *(_section(part) for part in parts_of(incident)))


def _markdown(incident: Incident) -> Iterator[str]:
    yield MARKER
    yield f"# {markdown_parts.escaped(f'Postmortem: {title_of(incident)}')}"
    yield ""
    for part in parts_of(incident):
        lines = [line for each in part.paragraphs for line in (markdown_parts.escaped(each), "")]
        lines += markdown_parts.bullets(part.items)
        lines += markdown_parts.table(part.headers, part.rows)
        yield from (f"## {part.title}", "", *lines, "")


def _section(part: Part) -> str:
    return section(
        part.title,
        *(element("p", each) for each in part.paragraphs),
        bullets(part.items),
        table(part.title, part.headers, part.rows),
    )
