"""The pieces of a page. Whatever is not already HTML is made inert and escaped on its way in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from leakdoc.reporting.foreign import shown


class Html(str):
    """Text that is HTML already; any other text is escaped when it becomes part of an element."""

    __slots__ = ()


def text(value: str) -> Html:
    """Return foreign or own text as HTML that shows it and does nothing else."""
    return value if isinstance(value, Html) else Html(escape(shown(value)))


def join(parts: Iterable[str]) -> Html:
    """Return parts one after the other."""
    return Html("".join(text(part) for part in parts))


def element(name: str, *children: str, **attributes: str | None) -> Html:
    """Return an element.

    Args:
        name: our own; never from outside.
        attributes: ``class_`` is written ``class``, ``aria_label`` is written ``aria-label``; null leaves one out.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_quoted(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{join(children)}</{name}>")


def _quoted(value: str) -> str:
    return text(value).replace('"', "&quot;")


def section(title: str, *children: str) -> Html:
    """Return a titled section; nothing when it would be empty."""
    content = join(children)
    return element("section", element("h2", title), content) if content else Html()


def table(caption: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    """Return a table that reads well at any width; nothing when there are no rows.

    The first cell of each row names the row. The roles stay when narrow screens show each row as a block.
    """
    if not rows:
        return Html()
    head = element("tr", *(element("th", each, scope="col", role="columnheader") for each in headers), role="row")
    body = (_row(headers, row) for row in rows)
    return element(
        "table",
        element("caption", caption),
        element("thead", head, role="rowgroup"),
        element("tbody", *body, role="rowgroup"),
        role="table",
    )


def _row(headers: Sequence[str], cells: Sequence[str]) -> Html:
    named = element("th", cells[0], scope="row", role="rowheader")
    rest = (
        element("td", cell, role="cell", data_label=header) for header, cell in zip(headers[1:], cells[1:], strict=True)
    )
    return element("tr", named, *rest, role="row")


def bullets(items: Iterable[str]) -> Html:
    """Return a list; nothing when it is empty."""
    listed = join(element("li", item) for item in items)
    return element("ul", listed) if listed else Html()


def pairs(items: Iterable[tuple[str, str]]) -> Html:
    """Return names with what they stand for; nothing when there are none."""
    listed = join(join((element("dt", name), element("dd", value))) for name, value in items)
    return element("dl", listed) if listed else Html()


def details(summary: str, *children: str) -> Html:
    """Return what is shown on request."""
    return element("details", element("summary", summary), *children)
