"""One name in every spelling: `px-quotes`, `px_quotes`, `pxQuotes`, `PxQuotes`, `PX_QUOTES`, `px.quotes`."""

from __future__ import annotations

import re
from typing import Final

from leakdoc.playbook.records.vocabulary import words_of

_PARTS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_JOINED: Final = r"[-_./ ]?"
_TELLING: Final = 4  # letters: a shorter word may stand for anything
_LONG: Final = 6  # letters: a word this long begins no other by chance, as in `contosoutility`


def parts_of(name: str) -> list[str]:
    """Return the words and numbers that a name is made of."""
    return _PARTS.findall(name)


def any_spelling(name: str) -> str:
    """Return a pattern of a name in every spelling; of a name of one word, alone, as a hump, and with an `s`."""
    parts = parts_of(name)
    if not parts:
        return re.escape(name)
    joined = _JOINED.join(re.escape(part.lower()) for part in parts)
    alone = rf"(?<![A-Za-z0-9])(?i:{joined})s?(?![A-Za-z0-9])"
    humps = "".join(re.escape(part[:1].upper() + part[1:].lower()) for part in parts)
    first = re.escape(parts[0].lower()) + "".join(re.escape(part[:1].upper() + part[1:].lower()) for part in parts[1:])
    hump = rf"(?<![A-Z]){humps}s?(?![a-z])"
    lower = rf"(?<![A-Za-z]){first}(?=[A-Z0-9])"
    longer = rf"|(?<![A-Za-z])(?i:{joined})(?=[a-z])" if len(parts) == 1 and len(name) >= _LONG else ""
    return f"(?:{alone}|{hump}|{lower}{longer})"


def telling_words(name: str, known: frozenset[str]) -> list[str]:
    """Return the words of a name that nothing but this incident has."""
    return [word for word in words_of(name) if len(word) >= _TELLING and word not in known]
