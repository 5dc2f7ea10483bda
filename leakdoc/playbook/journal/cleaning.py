"""Values before they reach a journal: without secrets, and such that JSON holds them exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from leakdoc.redact.scrubber import Scrubber
from leakdoc.redact.structures import learnt, without_secrets_inside

LONGEST: Final = 65_536  # characters of one text: what is longer belongs into a file, as evidence
_EXACT: Final = 2**53  # RFC 8785 takes no integers beyond


class Verbatim(dict[str, Any]):
    """A mapping that is kept as it is: a playbook, checked to hold no secret, which has to run as it was read."""


def clean(value: Any) -> Any:
    """Return a JSON value that holds no secret that is known by its form, by its name, or by another of its texts.

    The same value gives the same answer: what was begun is recognised by it.
    """
    if isinstance(value, Verbatim):
        return value
    if not isinstance(value, Mapping) or not any(isinstance(each, Verbatim) for each in value.values()):
        return without_secrets_inside(_plain(value))
    rest = clean({key: each for key, each in value.items() if not isinstance(each, Verbatim)})
    kept = {key: each for key, each in value.items() if isinstance(each, Verbatim)}
    return {key: kept[key] if key in kept else rest[key] for key in value if key in kept or key in rest}


def learn(value: Any, known: Scrubber) -> None:
    """Remember the secrets of a value; a playbook holds none."""
    if isinstance(value, Mapping):
        learnt({key: each for key, each in value.items() if not isinstance(each, Verbatim)}, known)
    elif value is not None:
        learnt(value, known)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_text(str(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
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
    return whole.encode("utf-8", "replace").decode("utf-8")
