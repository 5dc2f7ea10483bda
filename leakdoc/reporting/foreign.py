"""Text from strangers as a report may show it: on one line, without control characters and without secrets."""

from __future__ import annotations

import re
from typing import Final

from leakdoc.redact import inert, without_secrets

LONGEST: Final = 2_000  # characters of one text in a report
# Where a secret may stand a word after what announces it. Elsewhere words are looked at one by one, so that the
# name of an "auth-service" does not swallow the word that follows it.
_ANNOUNCED: Final = re.compile(r"(?i)(?:^|\s)--?\w|\b(?:bearer|basic) |PRIVATE KEY|=\s|:\s*[\"']")


def shown(text: str) -> str:
    """Return text from anywhere as a report may show it."""
    plain = inert(text, longest=LONGEST)
    if _ANNOUNCED.search(plain):
        return without_secrets(plain)
    return " ".join(without_secrets(word) for word in plain.split(" "))
