"""Traces diagnosed together get the diagnoses that they get alone."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.many import diagnose_many
from leakdoc.detection.policies import Policies
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Facts, Trace
from leakdoc.sampling.assembly import LifeName, LooseRows, assemble

ROWS = 400


def made(name: str, seed: int, rate: float, *, lives: int = 1, **facts: float) -> Trace:
    dice = np.random.default_rng(seed)
    times = 1_700_000_000.0 + 60.0 * np.arange(ROWS)
    life = np.arange(ROWS) * lives // ROWS
    grown = rate * (np.arange(ROWS) - life * ROWS // lives)
    columns = {
        Column("rss_bytes"): np.round((2e8 + grown + dice.normal(0, 2e5, ROWS)) / 4096) * 4096,
        Column("heap_bytes"): np.round((1e8 + grown + dice.normal(0, 2e5, ROWS)) / 8) * 8,
        Column("open_fds"): np.full(ROWS, 40.0),
        Column("requests_total"): np.cumsum(dice.poisson(50, ROWS)).astype(float),
    }
    rows = LooseRows(times=times, life=life, lives=[LifeName() for _ in range(lives)], columns=columns)
    return assemble(Subject(kind=SubjectKind.WORKLOAD, name=name), rows, Facts(**facts))


def test_together_is_as_alone() -> None:
    traces = [made("a", 1, 0.0), made("b", 2, 2e5), made("c", 3, 3e5, lives=4, limit_bytes=6e8), made("d", 4, 0.0)]
    policies = Policies()
    alone = [diagnose(trace, policies=policies) for trace in traces]
    assert {str(each.decision) for each in alone} >= {"leaking"}
    together = diagnose_many(traces, policies)
    for found, expected in zip(together, alone, strict=True):
        assert isinstance(found, Diagnosis)
        assert [(each.metric, each.decision, each.reason) for each in found.findings] == [
            (each.metric, each.decision, each.reason) for each in expected.findings
        ]
        assert (found.decision, found.reason, found.window) == (expected.decision, expected.reason, expected.window)


def test_one_that_fails_takes_no_other_away(monkeypatch: pytest.MonkeyPatch) -> None:
    traces = [made("a", 1, 0.0), made("odd", 2, 0.0)]

    def failing(trace: Trace, *, policies: Policies) -> Diagnosis:
        if trace.subject.name == "odd":
            raise ZeroDivisionError("a defect")
        return diagnose(trace, policies=policies)

    monkeypatch.setattr("leakdoc.detection.many.diagnose", failing)
    first, second = diagnose_many(traces, Policies())
    assert isinstance(first, Diagnosis)
    assert second == "internal error, a defect of leakdoc: ZeroDivisionError: a defect"


def test_nothing_is_nothing() -> None:
    assert diagnose_many([], Policies()) == []
