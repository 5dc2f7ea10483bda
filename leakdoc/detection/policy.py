"""How thresholds are declared: each a named field of one frozen policy per detector, with its unit and its reason.

A policy is a frozen dataclass whose fields are made by `setting`. Text such as ``growth.smallest=1MiB/h``, as the
command line and playbooks give it, is read by the unit that the field declares.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import field, fields, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from leakdoc.errors import UsageError
from leakdoc.units import parse_duration, parse_rate, parse_size

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

P = TypeVar("P", bound="DataclassInstance")


def setting(default: Any, *, unit: str, why: str) -> Any:
    """Declare one threshold.

    Args:
        default: its value, in the unit's base (seconds, bytes, units a second); null where it follows the data.
        unit: ``duration``, ``size``, ``rate``, ``fraction``, ``probability``, ``number`` or ``count``.
        why: the reason for the default, for the docs and ``--help``.
    """
    return field(default=default, metadata={"unit": unit, "why": why, "read": _READERS[unit]})


def _fraction(text: str) -> float:
    number = float(text[:-1]) / 100.0 if text.endswith("%") else float(text)
    if not 0.0 <= number <= 1.0:
        raise ValueError(text)
    return number


def _probability(text: str) -> float:
    number = _fraction(text)
    if not 0.0 < number < 1.0:
        raise ValueError(text)
    return number


def _number(text: str) -> float:
    number = float(text)
    if not 0.0 <= number < math.inf:
        raise ValueError(text)
    return number


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


_READERS: Final[Mapping[str, Callable[[str], float]]] = {
    "duration": parse_duration,
    "size": parse_size,
    "rate": parse_rate,
    "fraction": _fraction,
    "probability": _probability,
    "number": _number,
    "count": _count,
}


def with_setting(policy: P, name: str, text: str) -> P:
    """Return the policy with one setting read from text.

    Raises:
        UsageError: there is no such setting, or the text does not fit its unit.
    """
    by_name = {each.name: each for each in fields(policy)}
    if name not in by_name:
        raise UsageError(f"no such policy field: {name!r}", help=f"There are: {', '.join(sorted(by_name))}.")
    declared = by_name[name].metadata
    try:
        value = declared["read"](text.strip())
    except ValueError:
        raise UsageError(f"policy field {name} takes a {declared['unit']}, not {text!r}") from None
    return replace(policy, **{name: value})
