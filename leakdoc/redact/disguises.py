"""Secrets in disguise: colours and invisible characters inside, letters of another script, escapes, entities.

What nobody sees is taken out of a text for good; what changes its meaning (escapes, entities) is only read through.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from leakdoc.redact.inert import inert_lines

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_WIDE: Final = {ord("！") + at: ord("!") + at for at in range(94) if chr(ord("!") + at).isalnum()}
_ALIKE: Final = str.maketrans(
    "аеорсухіјѕАВЕКМНОРСТУХІЈЅοινρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsABEKMHOPCTYXIJSoivpuABEZHIKMNOPTYX",
)
_MIXED: Final = re.compile(r"[A-Za-z_][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z_]")
_ENTITY: Final = re.compile(r"&(?:quot|lt|gt|amp|apos|#\d{2,4}|#x[0-9A-Fa-f]{2,4});")
_ENTITIES: Final = re.compile(r"(?:&#(?:\d{2,4}|x[0-9A-Fa-f]{2,4});){4,}")
_QUOTED_SIGN: Final = re.compile(r"%(?:3[dDaA]|22|26)")
_DEEPEST: Final = 3  # JSON inside JSON


def seen(text: str) -> str:
    """Return a text as a reader sees it: without colours, control, format and bidirectional characters.

    Letters and digits of full width become those of plain width, and what is spelled in numbers of entities, letters.
    """
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    text = inert_lines(text)
    if text.isascii():
        return _ENTITIES.sub(lambda match: inert_lines(html.unescape(match[0])), text) if "&#" in text else text
    return text.translate(_WIDE)


def readings(text: str) -> Iterator[str]:
    """Yield what else a text says to whoever unescapes it; nothing where nothing in it is escaped."""
    if "&" in text and _ENTITY.search(text):
        yield html.unescape(text)
    if "%" in text and _QUOTED_SIGN.search(text):
        yield unquote(text)
    if not text.isascii() and _MIXED.search(text):
        yield text.translate(_ALIKE)
    for _ in range(_DEEPEST):
        if '\\"' not in text:
            break
        text = text.replace("\\\\", "\\").replace('\\"', '"')
        yield text
