"""What goes with the clients that come in and stay, as a proxy's connections do, told from what is forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from leakdoc.detection.detectors.table import OF_CONNECTIONS
from leakdoc.detection.diagnosis import diagnose
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding
from leakdoc.model.sample import Column
from leakdoc.testing.series import made_samples, made_trace

ROWS = 120
UP = {"direction": "out", "peer": "10.0.0.6:6379", "peer_kind": "redis"}
OTHER_UP = {"direction": "out", "peer": "10.0.0.7:6379", "peer_kind": "redis"}
IN = {"direction": "in", "peer": ":8080", "peer_kind": "tcp"}
COMES = [2.0 + row // 2 for row in range(ROWS)]  # a client each two readings
SEESAW = [float(row // 2 - (row - 60) // 2 if row > 60 else row // 2) for row in range(ROWS)]

Values = Sequence[float]


def found(detector: str, columns: Mapping[Column, Values]) -> Finding:
    total = [sum(values[row] for column, values in columns.items() if column.metric == "connections")
             for row in range(ROWS)]  # fmt: skip
    trace = made_trace(made_samples({Column("connections"): total, **columns}))
    every = [each for each in diagnose(trace, detectors=OF_CONNECTIONS).findings if each.detector == detector]
    return max(every, key=lambda each: each.decision.is_fault)


def present(labels: Mapping[str, str], values: Values) -> dict[Column, Values]:
    return {Column.of("connections", **labels, state="ESTABLISHED"): values}


def silent(labels: Mapping[str, str], values: Values) -> dict[Column, Values]:
    ages = [float(row) for row in range(ROWS)]
    return {**present(labels, values), Column.of("connection_idle_max_s", **labels): ages}


def times(number: float, values: Values) -> list[float]:
    return [number * each for each in values]


def late(values: Values) -> list[float]:
    """Now and then a reading falls between a client and its upstream."""
    return [each - (row % 17 == 3) for row, each in enumerate(values)]


@pytest.mark.parametrize("upstream", [COMES, late(COMES), times(2, COMES)], ids=["one", "late", "two"])
def test_connections_that_stay_as_long_as_their_clients_are_not_called_unclosed(upstream: Values) -> None:
    finding = found("unclosed_connections", {**silent(UP, upstream), **present(IN, COMES)})
    assert finding.decision is Decision.INCONCLUSIVE
    assert "for each of 61 clients" in finding.reason and "none of which was seen to go" in finding.reason
    assert finding.evidence["clients"] == {"for_each": upstream[-1] // 61, "there": 61, "left": 0}


def test_the_upstreams_of_one_proxy_are_taken_together() -> None:
    columns = {**silent(UP, times(0.5, COMES)), **silent(OTHER_UP, times(0.5, COMES)), **present(IN, COMES)}
    assert found("unclosed_connections", columns).decision is Decision.INCONCLUSIVE


def test_clients_that_went_and_took_theirs_along_are_told() -> None:
    gone = {Column.of("connections_closed_total", **IN): [row // 10 for row in range(ROWS)]}
    finding = found("unclosed_connections", {**silent(UP, COMES), **present(IN, COMES), **gone})
    assert "and none for 11 that went" in finding.reason


@pytest.mark.parametrize(
    ("upstream", "clients"),
    [
        (COMES, [4.0] * ROWS),
        (COMES, [6.0 + row % 5 for row in range(ROWS)]),
        (COMES, times(0.8, COMES)),
        (times(0.8, COMES), COMES),
        (times(3, COMES), COMES),
        ([100.0 + each for each in COMES], COMES),
        (COMES, SEESAW),
    ],
    ids=["no new clients", "clients come and go", "fewer", "more", "three each", "many before", "clients have gone"],
)
def test_connections_that_go_with_no_clients_are_unclosed(upstream: Values, clients: Values) -> None:
    columns = {**silent(UP, upstream), **present(IN, clients)}
    assert found("unclosed_connections", columns).decision is Decision.LEAKING


@pytest.mark.parametrize(("stays", "is_left_open"), [(0.0, True), (1.0, False)])
def test_what_stays_when_a_few_of_many_clients_go_is_unclosed(stays: float, is_left_open: bool) -> None:
    came = [2.0 + 2 * row for row in range(ROWS)]
    gone = [float(row // 25 * 2) for row in range(ROWS)]  # one in 30
    clients = [each - left for each, left in zip(came, gone, strict=True)]
    upstream = [each + stays * left for each, left in zip(clients, gone, strict=True)]
    columns = {**silent(UP, upstream), **present(IN, clients), Column.of("connections_closed_total", **IN): gone}
    finding = found("unclosed_connections", columns)
    assert finding.decision is (Decision.INCONCLUSIVE if is_left_open else Decision.LEAKING)
    assert ("none for 8 that went" in finding.reason) is is_left_open


@pytest.mark.parametrize("metric", ["threads", "tasks"])
def test_threads_and_tasks_of_clients_that_stay_are_not_called_leaking(metric: str) -> None:
    of_clients = {Column(metric): [5.0 + 2 * each for each in COMES], **present(IN, COMES)}
    finding = found("concurrency_growth", of_clients)
    assert finding.decision is Decision.INCONCLUSIVE and "2 for each of 61 clients" in finding.reason
    forgotten = {Column(metric): [5.0 + 2 * each for each in COMES], **present(IN, [4.0] * ROWS)}
    assert found("concurrency_growth", forgotten).decision is Decision.LEAKING
    stuck = {**of_clients, Column.of("connections_awaiting", **IN): COMES}
    assert found("concurrency_growth", stuck).decision is Decision.LEAKING


def test_threads_that_stay_where_they_are_say_what_the_others_mean_and_are_not_judged_as_a_count_of_their_own() -> None:
    threads = [5.0 + each for each in COMES]
    of_clients = {Column("threads"): threads, Column("threads_still"): COMES, **present(IN, COMES)}
    findings = diagnose(made_trace(made_samples(of_clients))).findings
    assert "concurrency_growth" in {each.detector for each in findings}
    assert not any(each.decision.is_fault or each.metric == "threads_still" for each in findings)


def test_each_worker_is_held_against_its_own_clients() -> None:
    def trace(own: Values) -> Finding:
        samples = [
            sample
            for pid, upstream in ((1, COMES), (2, own))
            for sample in made_samples(
                {Column("connections"): times(2, COMES), **silent(UP, upstream), **present(IN, COMES)}, pid=pid
            )
        ]
        every = diagnose(made_trace(samples), detectors=OF_CONNECTIONS).findings
        return next(each for each in every if each.detector == "unclosed_connections")

    assert trace(COMES).decision is Decision.INCONCLUSIVE
    assert trace(times(0.6, COMES)).decision is Decision.LEAKING
