"""Rules on memory: the floor of an hour is recorded, and an alert asks that it rose all the time, in one life.

``deriv(x[6h]) > 0`` is set off by every start (memory rises until all is loaded), by the page cache (the working set
holds it), by a collector that has not run yet, and by restarts. Here instead: floors, so that a collector's sawtooth
does not matter; anonymous memory, so that the page cache does not; a process that is older than what is looked at, so
that neither start-up nor a restart is in it; and a second half that rose at least half as much as the first, so that
what levels off is left alone. It remains a coarse net: `leakdoc scan` decides.
"""

from __future__ import annotations

from typing import Final

from leakdoc.reporting.rules.rule import Rule, RuleGroup

WINDOW_H: Final = 6  # what is looked at; two halves of it are compared
_FLOOR_H: Final = 1
_GROWTH: Final = 1.03  # each half: 1 % an hour, what `leakdoc scan` calls growth that matters
_SLOWING: Final = 0.5  # of the first half: what rises less than that is levelling off
_SOON_H: Final = 24

_CONTAINER: Final = 'container!="",container!="POD"'
_BY: Final = "cluster, namespace, pod, container"  # no label where there is one cluster
_INSTANCE: Final = "{{ $labels.job }}/{{ $labels.instance }}"
_OF_POD: Final = "{{ $labels.namespace }}/{{ $labels.pod }}/{{ $labels.container }}"


def memory_rules(match: str = "") -> list[RuleGroup]:
    """Return the groups.

    Args:
        match: further matchers for every selector, as PromQL writes them, without braces.
    """
    return [
        RuleGroup(name="leakdoc-floors", interval="5m", rules=(*_process_floors(match), *_container_floors(match))),
        RuleGroup(
            name="leakdoc-memory",
            interval="5m",
            rules=(
                _grows("Process", "leakdoc:process_memory:floor1h", "leakdoc:process:start", _INSTANCE),
                _soon("Process", "leakdoc:process_memory:floor1h", "leakdoc:process_memory:limit", _INSTANCE),
                _grows(
                    "Container", "leakdoc:container_memory:floor1h", "leakdoc:container:start",
                    _OF_POD,
                ),
                _soon(
                    "Container", "leakdoc:container_memory:floor1h", "leakdoc:container_memory:limit",
                    _OF_POD,
                ),
                _killed(match),
                _descriptors(match),
            ),
        ),
    ]  # fmt: skip


def _selector(metric: str, *matchers: str) -> str:
    inside = ",".join(each for each in matchers if each)
    return f"{metric}{{{inside}}}" if inside else metric


def _process_floors(match: str) -> tuple[Rule, ...]:
    return (
        Rule(
            name="leakdoc:process_memory:floor1h",
            expr=f"min_over_time({_selector('process_resident_memory_bytes', match)}[{_FLOOR_H}h])",
            comment="What a process still holds at the lowest point of an hour: a collector's sawtooth does not show.",
        ),
        Rule(
            name="leakdoc:process:start",
            expr=_selector("process_start_time_seconds", match),
            comment="When it began, so that a restart is told from a fall.",
        ),
        Rule(
            name="leakdoc:process_memory:limit",
            expr=f"{_selector('process_virtual_memory_max_bytes', match)} > 0 < 2^62",
            comment="Where it has a limit of its own; most have none, and no alert is made of that.",
        ),
    )


def _container_floors(match: str) -> tuple[Rule, ...]:
    anon = _selector("container_memory_rss", _CONTAINER, match)
    start = _selector("container_start_time_seconds", _CONTAINER, match)
    spec = _selector("container_spec_memory_limit_bytes", _CONTAINER, match)
    asked = _selector("kube_pod_container_resource_limits", 'resource="memory"', match)
    return (
        Rule(
            name="leakdoc:container_memory:floor1h",
            expr=f"max by ({_BY}) (min_over_time({anon}[{_FLOOR_H}h]))",
            comment="Anonymous memory only: the working set holds page cache, which grows with every file read.",
        ),
        Rule(
            name="leakdoc:container:start",
            expr=f"max by ({_BY}) ({start})",
            comment="When the container began; each restart begins anew.",
        ),
        Rule(
            name="leakdoc:container_memory:limit",
            expr=f"max by ({_BY}) ({spec} > 0)\n  or max by ({_BY}) ({asked})",
            comment="What the kernel enforces, else what was asked for.",
        ),
    )


def _grows(kind: str, floor: str, start: str, who: str) -> Rule:
    half, whole = f"{WINDOW_H // 2}h", f"{WINDOW_H}h"
    return Rule(
        name=f"Leakdoc{kind}MemoryGrows",
        expr="\n".join(
            [
                f"({floor} > {_GROWTH} * ({floor} offset {half}))",
                f"  and (({floor} offset {half}) > {_GROWTH} * ({floor} offset {whole}))",
                f"  and ({floor} - ({floor} offset {half})"
                f" > {_SLOWING} * (({floor} offset {half}) - ({floor} offset {whole})))",
                f"  and (time() - {start} > {(WINDOW_H + _FLOOR_H) * 3600})",
            ]
        ),
        comment=f"Rose in both halves of {whole}, the second no less than half as much, in one life that began before.",
        for_="30m",
        labels={"severity": "warning"},
        annotations={
            "summary": f"Memory of {who} has grown for {whole} without levelling off",
            "description": "The lowest point of every hour rises. To decide: leakdoc scan --prometheus URL",
        },
    )


def _soon(kind: str, floor: str, limit: str, who: str) -> Rule:
    whole = f"{WINDOW_H}h"
    return Rule(
        name=f"Leakdoc{kind}OutOfMemorySoon",
        expr="\n".join(
            [
                f"({floor} + ({floor} - ({floor} offset {whole})) * {_SOON_H} / {WINDOW_H} > {limit})",
                f'  and on ({_keys(kind)}) ALERTS{{alertname="Leakdoc{kind}MemoryGrows",alertstate="firing"}}',
            ]
        ),
        comment=f"At this rate it reaches its limit within {_SOON_H} h.",
        for_="15m",
        labels={"severity": "critical"},
        annotations={
            "summary": f"{who} reaches its memory limit within {_SOON_H} h",
            "description": "After the fix: leakdoc verify --prometheus URL --workload NAME",
        },
    )


def _keys(kind: str) -> str:
    return _BY if kind == "Container" else "job, instance"


def _killed(match: str) -> Rule:
    restarts = _selector("kube_pod_container_status_restarts_total", match)
    reason = _selector("kube_pod_container_status_last_terminated_reason", 'reason="OOMKilled"', match)
    return Rule(
        name="LeakdocRestartsHideGrowth",
        expr=f"(max by ({_BY}) (increase({restarts}[24h])) >= 2)\n  and (max by ({_BY}) ({reason}) > 0)",
        comment="Killed for memory again and again: each restart gives it back, so that no line ever looks steep.",
        for_="5m",
        labels={"severity": "warning"},
        annotations={
            "summary": f"{_OF_POD} is OOM-killed repeatedly",
            "description": "What can still be said: leakdoc postmortem --prometheus URL --workload NAME --at TIME",
        },
    )


def _descriptors(match: str) -> Rule:
    used, most = _selector("process_open_fds", match), _selector("process_max_fds", match)
    return Rule(
        name="LeakdocDescriptorsRunOut",
        expr="\n".join(
            [
                f"(min_over_time({used}[1h]) / {most} > 0.6)",
                f"  and (min_over_time({used}[1h]) > 1.2 * min_over_time({used}[1h] offset 6h))",
                f"  and (time() - {_selector('process_start_time_seconds', match)} > {7 * 3600})",
            ]
        ),
        comment="More than 60 % of the descriptors are held throughout an hour, a fifth more than six hours before.",
        for_="15m",
        labels={"severity": "warning"},
        annotations={
            "summary": f"{_INSTANCE} runs out of file descriptors",
            "description": "Whether they leak: leakdoc scan --prometheus URL --since 2d",
        },
    )
