"""Where two documents differ, as paths with both values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final

from leakdoc.redact import inert

RELATIVE: Final = 1e-9  # what another machine's arithmetic may differ by
_ABSOLUTE: Final = 1e-12
_LONGEST: Final = 80


def differences(told: Any, found: Any, *, path: str = "") -> Iterator[str]:
    """Yield each place where two JSON values differ: ``checks[3].numbers.share: says 0.1, recomputed 0.9``.

    Numbers may differ by `RELATIVE`.
    """
    if isinstance(told, dict) and isinstance(found, dict):
        for key in sorted({*told, *found}):
            if key not in told or key not in found:
                yield f"{_at(path, key)}: {'is missing' if key in found else 'does not belong there'}"
            else:
                yield from differences(told[key], found[key], path=_at(path, key))
    elif isinstance(told, list) and isinstance(found, list) and len(told) == len(found):
        for place, (left, right) in enumerate(zip(told, found, strict=True)):
            yield from differences(left, right, path=f"{path}[{place}]")
    elif isinstance(told, list) and isinstance(found, list):
        yield f"{path}: says {len(told)} entries, recomputed {len(found)}"
    elif not _same(told, found):
        yield f"{path}: says {_short(told)}, recomputed {_short(found)}"


def _at(path: str, key: str) -> str:
    return inert(f"{path}.{key}" if path else key)


def _same(told: Any, found: Any) -> bool:
    if _is_number(told) and _is_number(found):
        return math.isclose(told, found, rel_tol=RELATIVE, abs_tol=_ABSOLUTE)
    return type(told) is type(found) and bool(told == found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _short(value: Any) -> str:
    return inert(json.dumps(value, ensure_ascii=False), longest=_LONGEST)
