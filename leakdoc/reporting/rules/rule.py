"""One rule of Prometheus, and a file of them as Prometheus reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A recording rule, or an alert.

    Args:
        name: what is recorded, or the alert's name.
        expr: in PromQL.
        comment: why it is as it is; one line.
        for_: how long an alert must hold; null for a recording rule.
        annotations: of an alert.
    """

    name: str
    expr: str
    comment: str
    for_: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules that are evaluated one after the other, at an interval."""

    name: str
    interval: str
    rules: tuple[Rule, ...]


def rule_lines(groups: Sequence[RuleGroup]) -> Iterator[str]:
    """Write groups as YAML; every text is quoted as JSON, which YAML reads alike."""
    yield "groups:"
    for group in groups:
        yield f"  - name: {group.name}"
        yield f"    interval: {group.interval}"
        yield "    rules:"
        for rule in group.rules:
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"      # {rule.comment}"
    yield f"      - {'record' if rule.for_ is None else 'alert'}: {rule.name}"
    yield "        expr: |-"
    yield from (f"          {line}" for line in rule.expr.splitlines())
    if rule.for_ is not None:
        yield f"        for: {rule.for_}"
    for key, values in (("labels", rule.labels), ("annotations", rule.annotations)):
        if values:
            yield f"        {key}:"
            yield from (f"          {name}: {json.dumps(value)}" for name, value in values.items())
