"""Values before they reach a journal: without secrets, and such that JSON holds them exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from leakdoc.redact import without_secrets

LONGEST: Final = 65_536  # characters of one text: what is longer belongs into a file, as evidence
_EXACT: Final = 2**53  # RFC 8785 takes no integers beyond


class Verbatim(dict[str, Any]):
    """A mapping that is kept as it is: a playbook, checked to hold no secret, which has to run as it was read."""


def clean(value: Any) -> Any:
    """Return a JSON value whose texts hold no secret that is known by its form."""
    if isinstance(value, Verbatim):
        return value
    if isinstance(value, Mapping):
        return {_text(str(key)): clean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [clean(each) for each in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if -_EXACT < value < _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _text(str(value))


def _text(text: str) -> str:
    whole = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return without_secrets(whole.encode("utf-8", "replace").decode("utf-8"))
