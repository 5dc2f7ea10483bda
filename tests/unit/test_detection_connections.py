"""Unclosed connections, told from a pool that grows and from what is busy."""

from __future__ import annotations

from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.finding import Finding
from leakdoc.model.sample import Column
from leakdoc.testing.series import made_samples, made_trace

ROWS = 300
LABELS = {"peer": "10.0.0.5:5432", "peer_kind": "postgres", "direction": "out"}
OPEN = Column.of("connections", **LABELS, state="ESTABLISHED")
IDLE = Column.of("connection_idle_max_s", **LABELS)
TOTAL = Column("connections")
GROWING = [2.0 + row // 3 for row in range(ROWS)]


def found(columns: dict[Column, list[float | None]]) -> list[Finding]:
    trace = made_trace(made_samples(dict(columns)))
    return [each for each in diagnose(trace).findings if each.detector == "unclosed_connections"]


def test_connections_that_accumulate_and_fall_silent_are_unclosed() -> None:
    (finding,) = found({OPEN: GROWING, TOTAL: GROWING, IDLE: [float(row) for row in range(ROWS)]})
    assert finding.decision is Decision.LEAKING
    assert finding.basis is Basis.MEASURED
    assert finding.evidence["peer"] == "10.0.0.5:5432"
    assert finding.evidence["peer_kind"] == "postgres"
    assert finding.evidence["states"] == {"ESTABLISHED": 101}
    assert finding.evidence["idle_max_s"] == ROWS - 1
    assert "101 connections to postgres 10.0.0.5:5432" in finding.reason
    assert finding.advice


def test_connections_that_work_still_reaches_are_not_called_unclosed() -> None:
    (finding,) = found({OPEN: GROWING, TOTAL: GROWING, IDLE: [2.0] * ROWS})
    assert finding.decision is Decision.INCONCLUSIVE
    assert "pool" in finding.reason


def test_without_idle_ages_the_cause_is_suspected() -> None:
    (finding,) = found({OPEN: GROWING, TOTAL: GROWING})
    assert finding.decision is Decision.LEAKING
    assert finding.basis is Basis.INFERRED
    assert "suspected" in finding.reason


def test_a_pool_that_stands_at_its_size_is_stable() -> None:
    pool = [min(20.0, 2.0 + row) for row in range(ROWS)]
    (finding,) = found({OPEN: pool, TOTAL: pool, IDLE: [1.0] * ROWS})
    assert not finding.decision.is_fault


def test_a_peer_that_is_gone_has_no_connections() -> None:
    gone = [*GROWING[: ROWS // 2], *[None] * (ROWS // 2)]
    total = [value or 0.0 for value in gone]
    (finding,) = found({OPEN: gone, TOTAL: total})
    assert finding.evidence["count"] == 0
    assert finding.evidence["states"] == {}


def test_accepted_connections_and_a_handful_are_no_matter() -> None:
    accepted = Column.of("connections", peer=":8080", peer_kind="http", direction="in", state="ESTABLISHED")
    assert not found({accepted: GROWING, TOTAL: GROWING})
    assert not found({OPEN: [2.0] * ROWS, TOTAL: [2.0] * ROWS})


def test_the_fewest_that_count_can_be_set() -> None:
    policies = Policies().with_settings(["connections.fewest=1"])
    trace = made_trace(made_samples({OPEN: [2.0] * ROWS, TOTAL: [2.0] * ROWS}))
    assert any(each.detector == "unclosed_connections" for each in diagnose(trace, policies=policies).findings)
