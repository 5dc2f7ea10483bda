"""Threads, tasks, children and zombies that accumulate, and what the threads are parked on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.detection.advice import advice_for
from leakdoc.detection.detectors.connection_policies import ConcurrencyPolicy
from leakdoc.detection.detectors.growth import find_growth
from leakdoc.detection.detectors.one_for_one import clients_at_rest
from leakdoc.detection.detectors.peer_view import peers, places, rose, total_now
from leakdoc.detection.detectors.waited_for import waited_for
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding, Json
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace
from leakdoc.redact import inert

NAME: Final = "concurrency_growth"
METRICS: Final = ("threads", "tasks", "children", "zombies")
WAITING_AT: Final = "waiting_at"
TASKS_AT: Final = "tasks_at"
MOST_FOR_A_CLIENT: Final = 4  # threads or tasks: one each way, one that pings, one that ends it all


def find_concurrency_growth(trace: Trace, policies: Policies, alpha: float | None) -> Iterator[Finding]:
    """Judge each of them, where it was read; children that are zombies are told as such, and once."""
    found: list[Finding] = []
    for name in METRICS:
        values = trace.column(name)
        if values is None or not np.isfinite(values).any():
            continue
        if name == "zombies" and not np.nanmax(values) >= policies.concurrency.fewest:
            continue
        found.append(find_growth(trace, Column(name), policies.growth, detector=NAME, alpha=alpha))
    zombies = any(each.metric == "zombies" and each.decision.is_fault for each in found)
    for each in found:
        if not (each.metric == "children" and zombies):
            yield _parked(trace, each, policies.concurrency)


def _parked(trace: Trace, found: Finding, policy: ConcurrencyPolicy) -> Finding:
    if found.metric not in ("threads", "tasks"):
        return replace(found, advice=advice_for(NAME) if found.decision.is_fault else ())
    if found.metric == "tasks":
        at = places(trace.columns, trace, TASKS_AT)
        found = replace(found, evidence=dict(found.evidence) | {"tasks_at": at})
        return found if not found.decision.is_fault else _told(trace, found, _mostly_at(at))
    counts = {column.label("on") or "": total_now(trace, values) for column, values in trace.labelled("threads_parked")}
    parked: dict[str, Json] = {inert(on): count for on, count in sorted(counts.items()) if count}
    waited = {peer.title: total_now(trace, peer.counted("threads_reading")) for peer in peers(trace, "out")}
    reading: dict[str, Json] = {name: count for name, count in waited.items() if count}
    at = places(trace.columns, trace, WAITING_AT)
    evidence = dict(found.evidence) | {"parked_on": parked, "reading_from": reading, "waiting_at": at}
    if not found.decision.is_fault:
        return replace(found, evidence=evidence)
    if (still := _at_work(trace, policy)) is not None:
        reason = f"{found.reason}; but they work: only {still:.0f} of them stay where they are, as in a pool that grows"
        return replace(found, decision=Decision.INCONCLUSIVE, reason=reason, evidence=evidence, confidence=None)
    most = max(counts, key=lambda on: counts[on] or 0.0, default=None)
    words = "" if most is None or not counts[most] else f"; {counts[most]:.0f} are parked on {inert(most)}"
    return _told(trace, replace(found, evidence=evidence), words)


def _at_work(trace: Trace, policy: ConcurrencyPolicy) -> float | None:
    """Return how many threads stay where they are, where most of those that came do not; null where they do.

    What is forgotten stays where it waits; workers that are added come and go between what they do.
    """
    threads, still = trace.column("threads"), trace.column("threads_still")
    if threads is None or still is None or not np.isfinite(still).any():
        return None
    settled = rose(trace, threads, float("inf")) - rose(trace, threads, policy.settled)
    came_to_rest = rose(trace, still, float("inf"))
    if settled < policy.fewest or came_to_rest >= policy.still * settled:
        return None
    return total_now(trace, still) or 0.0


def _told(trace: Trace, found: Finding, words: str) -> Finding:
    """Say what they are in; where they wait for an answer, that is for its detector to say."""
    clients = clients_at_rest(trace, trace.columns[Column(found.metric)], most_each=MOST_FOR_A_CLIENT)
    if clients is not None:
        reason = f"{found.reason}; {clients.words}: they are forgotten if they stay when their clients go"
        evidence = dict(found.evidence) | clients.evidence()
        return replace(found, decision=Decision.INCONCLUSIVE, reason=reason, evidence=evidence, confidence=None)
    peer = waited_for(trace)
    if peer is not None:
        reason = f"{found.reason}; they wait for an answer of {peer.title}"
        return replace(found, decision=Decision.INCONCLUSIVE, reason=reason, confidence=None)
    return replace(found, reason=f"{found.reason}{words}", advice=advice_for(NAME))


def _mostly_at(at: list[Json]) -> str:
    first = at[0] if at else None
    if not isinstance(first, dict):
        return ""
    return f"; {first['count']} of them wait at {first['file']}:{first['line']} in {first['function']}"
