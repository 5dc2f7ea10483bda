"""A playbook's data as YAML 1.2 text: the same bytes for the same data, and every text quoted that could be misread."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from leakdoc.playbook.yaml_scalars import plain_scalar

_PLAIN: Final = re.compile(r"[A-Za-z][\w./-]*(?: [\w./()<>-]+)*")
_WIDE: Final = 110  # columns up to which a mapping stands on one line


def as_yaml(data: dict[str, Any]) -> str:
    """Return the text of a playbook's file."""
    return "\n".join(_block(data, 0)) + "\n"


def _block(value: Any, indent: int) -> Iterator[str]:
    pad = " " * indent
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict | list) and inner and not _fits(inner, indent + len(str(key)) + 2):
                yield f"{pad}{_scalar(str(key))}:"
                yield from _block(inner, indent + 2)
            else:
                yield f"{pad}{_scalar(str(key))}: {_inline(inner)}"
    else:
        for inner in value:
            lines = [f"{pad}  {_inline(inner)}"] if _fits(inner, indent + 2) else list(_block(inner, indent + 2))
            yield f"{pad}- {lines[0][indent + 2 :]}"
            yield from lines[1:]


def _fits(value: Any, used: int) -> bool:
    return not isinstance(value, dict | list) or used + len(_inline(value)) <= _WIDE


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_inline(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(inner) for inner in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and plain_scalar(value) == value:
        return value
    return "".join(f"\\u{ord(c):04x}" if _unsafe(c) else c for c in json.dumps(value, ensure_ascii=False))


def _unsafe(character: str) -> bool:
    return not character.isprintable() and ord(character) < 0x10000
