"""Alerts for one signature of connections, with the labels of a finding: ready to paste once its cause is mended.

They read what `leakdoc exporter` serves, by the columns' own names behind a prefix; the database's own exporter where
that tells the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from leakdoc.errors import UsageError
from leakdoc.model.finding import Finding, Json
from leakdoc.redact import inert
from leakdoc.reporting.rules.rule import Rule, RuleGroup

PREFIX: Final = "leakdoc_"
_BY: Final = "instance, peer"

Labels = Mapping[str, str]


def signature_rules(findings: Iterable[tuple[str, Labels]]) -> list[RuleGroup]:
    """Return one group with the alerts of each finding, each alert once.

    Args:
        findings: names of detectors, each with the label values that its alerts are held to.

    Raises:
        UsageError: there are no alerts for a detector of that name.
    """
    rules: dict[str, Rule] = {}
    for detector, labels in findings:
        if detector not in ALERTS:
            raise UsageError(f"there are no alerts for {inert(detector)!r}", help=f"There are for {', '.join(ALERTS)}.")
        rule = ALERTS[detector](labels)
        rules.setdefault(rule.expr, rule)
    return [RuleGroup(name="leakdoc-signatures", interval="30s", rules=tuple(rules.values()))]


def labels_of(finding: Finding) -> dict[str, str]:
    """Return the label values that a finding names."""
    return {name: text for name in ("peer", "direction") if isinstance(text := finding.evidence.get(name), str)} | (
        _kind(finding.evidence.get("kind")) if finding.detector == "descriptor_growth" else {}
    )


def _kind(kind: Json) -> dict[str, str]:
    return {"kind": kind} if isinstance(kind, str) else {}


def _series(metric: str, labels: Labels, **more: str) -> str:
    """Write a selector; values are quoted as JSON, which PromQL reads alike."""
    matchers = [f"{name}={json.dumps(value)}" for name, value in {**labels, **more}.items()]
    inside = ",".join(each.replace("=", "=~", 1) if '.*"' in each else each for each in matchers)
    return f"{PREFIX}{metric}{{{inside}}}" if inside else f"{PREFIX}{metric}"


def _sum(metric: str, labels: Labels, **more: str) -> str:
    return f"sum by ({_BY}) ({_series(metric, labels, **more)})"


def _max(metric: str, labels: Labels, **more: str) -> str:
    return f"max by ({_BY}) ({_series(metric, labels, **more)})"


def _alert(name: str, expr: str, for_: str, summary: str, why: str, severity: str = "warning") -> Rule:
    return Rule(
        name=f"Leakdoc{name}",
        expr=expr,
        comment=why,
        for_=for_,
        labels={"severity": severity},
        annotations={
            "summary": f"{{{{ $labels.instance }}}}: {summary}",
            "description": "Who opened them, who holds them, who waits: leakdoc connections TARGET",
        },
    )


def _unclosed(labels: Labels) -> Rule:
    now = _sum("connections", labels, state="ESTABLISHED")
    before = f"sum by ({_BY}) ({_series('connections', labels, state='ESTABLISHED')} offset 30m)"
    return _alert(
        "UnclosedConnections",
        f"({now} > 1.2 * {before})\n  and ({now} - {before} >= 4)\n"
        f"  and ({_max('connection_idle_max_s', labels)} > 900)",
        "10m",
        "connections to {{ $labels.peer }} grow in number, and the oldest are silent",
        "A fifth more than half an hour ago, while one has carried nothing for a quarter of an hour.",
    )


def _close_wait(labels: Labels) -> Rule:
    return _alert(
        "CloseWait",
        f"({_sum('connections', labels, state='CLOSE_WAIT')} >= 4)\n"
        f"  and ({_max('connection_since_fin_max_s', labels)} > 300)",
        "5m",
        "connections that {{ $labels.peer }} has closed are not closed here",
        "What is on its way to being closed is gone within five minutes.",
    )


def _descriptors(labels: Labels) -> Rule:
    now = f"sum by (instance) ({_series('open_fds', labels)})"
    before = f"sum by (instance) ({_series('open_fds', labels)} offset 1h)"
    kind = labels.get("kind", "descriptors")
    return _alert(
        "DescriptorsGrow",
        f"({now} > 1.2 * {before})\n  and ({now} - {before} >= 12)",
        "30m",
        f"open {inert(kind)} grow in number",
        "A fifth more than an hour ago, for half an hour.",
    )


def _pool(labels: Labels) -> Rule:
    return _alert(
        "PoolExhausted",
        f"({_sum('pool_waiting', labels)} > 0)\n  and ({_sum('pool_in_use', labels)} >= {_sum('pool_size', labels)})",
        "1m",
        "callers wait for a connection to {{ $labels.peer }}",
        "All of the pool is checked out, and somebody waits: told by the agent inside.",
        "critical",
    )


def _transactions(labels: Labels) -> Rule:
    only_peer = {name: value for name, value in labels.items() if name == "peer"}
    return _alert(
        "IdleInTransaction",
        f"{_max('database_transaction_max_s', only_peer, state='idle in transaction.*')} > 30",
        "1m",
        "sessions at {{ $labels.peer }} are idle in a transaction",
        "No request leaves a transaction unattended for half a minute.",
    )


def _churn(labels: Labels) -> Rule:
    used = f"{_max('time_wait', labels)} / {_max('local_ports', labels)}"
    return _alert(
        "ConnectionChurn",
        f"({used} > 0.5)\n  or (sum by ({_BY}) (rate({_series('connections_opened_total', labels)}[5m])) > 5)",
        "5m",
        "connections to {{ $labels.peer }} are opened anew all the time",
        "Half of the local ports wait out their minute, or more than five connections a second are opened.",
    )


def _upstream(labels: Labels) -> Rule:
    return _alert(
        "UpstreamUnresponsive",
        f"({_max('connection_awaiting_max_s', labels)} > 10)\n  and ({_sum('connections_awaiting', labels)} >= 4)",
        "1m",
        "{{ $labels.peer }} does not answer",
        "Four requests or more wait, one of them for longer than ten seconds.",
        "critical",
    )


def _half_open(labels: Labels) -> Rule:
    return _alert(
        "HalfOpen",
        f"{_sum('connections_lost', labels)} > 0",
        "1m",
        "connections to {{ $labels.peer }} are established to nobody",
        "Four transmissions in a row without an acknowledgement.",
    )


def _threads(labels: Labels) -> Rule:
    del labels
    parts = (
        f"({PREFIX}{name} > 1.5 * ({PREFIX}{name} offset 1h) and {PREFIX}{name} - ({PREFIX}{name} offset 1h) >= 10)"
        for name in ("threads", "tasks", "zombies")
    )
    return _alert(
        "ConcurrencyGrows",
        "\n  or ".join(parts),
        "30m",
        "threads, tasks or zombies grow in number",
        "Half as many again as an hour ago, for half an hour.",
    )


ALERTS: Final[Mapping[str, Callable[[Labels], Rule]]] = {
    "unclosed_connections": _unclosed,
    "close_wait": _close_wait,
    "descriptor_growth": _descriptors,
    "pool_exhausted": _pool,
    "idle_in_transaction": _transactions,
    "connection_churn": _churn,
    "upstream_unresponsive": _upstream,
    "half_open": _half_open,
    "concurrency_growth": _threads,
}
