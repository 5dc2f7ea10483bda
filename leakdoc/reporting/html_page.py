"""The page around a report: its head, its style and its foot."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from leakdoc._version import __version__
from leakdoc.reporting.html_parts import Html, element, join

MARKER: Final = '<meta name="generator" content="leakdoc'
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def page(title: str, *content: str) -> str:
    """Return a whole HTML document that loads nothing and runs nothing."""
    head = "\n".join(
        [
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            '<meta name="color-scheme" content="light dark">',
            f'{MARKER} {__version__}">',
            element("title", f"{title} - leakdoc"),
            f"<style>\n{_style()}</style>",
        ]
    )
    foot = element("footer", element("p", f"Written by leakdoc {__version__}. {_CAUTION}"))
    body = element("main", join(content))
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n{foot}\n</body>\n</html>\n'


def is_page(file: Path) -> bool:
    """Say whether a file is a page that leakdoc wrote."""
    with file.open("rb") as opened:
        return MARKER in opened.read(_HEAD).decode("utf-8", "replace")


_HEAD: Final = 4_096  # bytes in which a page says what it is
_CAUTION: Final = Html(
    "It tells what the samples show; what was not sampled, or not for long enough, may look different."
)


@cache
def _style() -> str:
    return resources.files("leakdoc.reporting").joinpath("style.css").read_text(encoding="utf-8")
