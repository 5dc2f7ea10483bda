"""Foreign text without control, format and bidirectional characters."""

from __future__ import annotations

import unicodedata
from typing import Final

_LONGEST_NAME: Final = 200


def inert(text: str, *, longest: int = _LONGEST_NAME) -> str:
    """Return foreign text on one line, without control, format or bidirectional characters.

    Args:
        text: anything.
        longest: how many characters are kept; the rest is replaced by an ellipsis.
    """
    kept = text if text.isprintable() else "".join(_plain(character) for character in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def inert_lines(text: str) -> str:
    """Return foreign text with its lines and tabs kept, each line without what `inert` takes out."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(character if character in "\n\t" else _plain(character) for character in text)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category in ("Cc", "Zl", "Zp") else character
