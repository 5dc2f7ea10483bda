"""Text from strangers as a report may show it: on one line, without control characters and without secrets."""

from __future__ import annotations

from typing import Final

from leakdoc.redact import inert, without_secrets

LONGEST: Final = 2_000  # characters of one text in a report


def shown(text: str) -> str:
    """Return text from anywhere as a report may show it."""
    return without_secrets(inert(text, longest=LONGEST))
