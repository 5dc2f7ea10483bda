"""Selectors and durations as PromQL writes them, whatever stands in a label's value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.protobuf import EQUAL, MATCHES, Matcher

_OPERATORS: Final = {"=": EQUAL, "!=": 1, "=~": MATCHES, "!~": 3}
_SYMBOLS: Final = {kind: symbol for symbol, kind in _OPERATORS.items()}
_MATCHER: Final = re.compile(
    r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|([^\s,\"'{}]+))\s*(?:,|$)"
)
_SPECIAL: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")


def selector(matchers: Iterable[Matcher]) -> str:
    """Write matchers as a selector; the metric's name is a matcher like any other."""
    return "{" + ",".join(f"{each.name}{_SYMBOLS[each.kind]}{quoted(each.value)}" for each in matchers) + "}"


def quoted(value: str) -> str:
    """Write a text in quotes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def of_name(name: str) -> Matcher:
    """Match one metric."""
    return Matcher("__name__", name)


def one_of(label: str, values: Sequence[str]) -> Matcher:
    """Match any of some values, exactly: RE2 is quick where an expression is a list of literals."""
    if len(values) == 1:
        return Matcher(label, values[0])
    return Matcher(label, "|".join(map(escaped, values)), MATCHES)


def escaped(value: str) -> str:
    """Write a text as an expression that matches nothing else."""
    return _SPECIAL.sub(r"\\\1", value)


def matchers_of(text: str) -> list[Matcher]:
    """Read what a person wrote to narrow a scan: ``namespace="shop",container!~"istio.*"``, braces left out or not.

    Raises:
        UsageError: it is no list of matchers.
    """
    inner = text.strip().removeprefix("{").removesuffix("}").strip()
    found, at = [], 0
    while at < len(inner):
        match = _MATCHER.match(inner, at)
        if match is None:
            raise UsageError(
                f"not a matcher: {inert(inner[at:])!r}", help='Write it like \'namespace="shop",job=~"api.*"\'.'
            )
        name, operator, double, single, bare = match.groups()
        value = next(each for each in (double, single, bare) if each is not None)
        plain = value if bare is not None else re.sub(r"\\(.)", r"\1", value)
        found.append(Matcher(name, plain, _OPERATORS[operator]))
        at = match.end()
    if not found:
        raise UsageError("--match names no label", help="Write it like 'namespace=\"shop\"'.")
    return found


def milliseconds(seconds: float) -> str:
    """Write a duration that PromQL takes, to the millisecond."""
    return f"{max(round(seconds * 1000), 1)}ms"
