"""Traces, diagnoses and proofs for the tests of reports."""

from __future__ import annotations

import numpy as np

from leakdoc.model.decision import CheckOutcome, Decision, ProofDecision
from leakdoc.model.diagnosis import Diagnosis, NextCommand, Window
from leakdoc.model.finding import Finding, Interval
from leakdoc.model.proof import Check, Proof, Side
from leakdoc.model.sample import Column
from leakdoc.model.step import Effect
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Ending, Facts, Life, Trace

MIB = 2.0**20
START = 1_763_700_000.0
PEER = "10.0.0.5:5432"


def trace(*, grows_per_hour: float = 0.0, start: float = START, samples: int = 400, pid: int = 42) -> Trace:
    """Return a service sampled every ten seconds; connections grow when memory does."""
    age = np.arange(samples) * 10.0
    noise = np.random.default_rng(pid).normal(0.0, 0.2 * MIB, samples)
    count = np.round(8.0 + (100.0 if grows_per_hour else 0.0) * age / age[-1])
    peer = {"peer": PEER, "peer_kind": "postgres", "direction": "out"}
    return Trace(
        subject=Subject(kind=SubjectKind.PROCESS, name="payments", pid=pid, host="web-1"),
        times=start + age,
        lives=(Life(first=0, stop=samples, pid=pid, started_at=start - 5.0),),
        columns={
            Column("rss_bytes"): 100 * MIB + grows_per_hour / 3_600.0 * age + noise,
            Column("connections"): count,
            Column.of("connections", state="ESTABLISHED", **peer): count,
            Column.of("connection_idle_max_s", **peer): 0.9 * age,
            Column("requests_total"): age * 50.0,
        },
        facts=Facts(
            limit_bytes=256 * MIB,
            unavailable={"swap_bytes": "denied"},
            blind_spots=("native heap: no ptrace",),
            notes=("times were out of order in 3 places and were sorted",),
            touched="nothing (read /proc)",
        ),
    )


def growth(decision: Decision, slope: Interval | None) -> Finding:
    """Return a finding on memory."""
    return Finding(
        detector="growth",
        metric="rss_bytes",
        decision=decision,
        reason="resident memory: as told here",
        confidence=0.97,
        slope_per_hour=slope,
        smallest_detectable_per_hour=MIB,
        advice=("fix it",),
        evidence={"samples": 400},
    )


LEAK = growth(Decision.LEAKING, Interval(estimate=60 * MIB, low=58 * MIB, high=62 * MIB))
NO_LEAK = growth(Decision.STABLE, Interval(estimate=0.0, low=-MIB, high=MIB))


def diagnosis(*, reason: str = "resident memory: grows 60 MiB/h", name: str = "payments") -> Diagnosis:
    """Return a diagnosis that has something to say in every section."""
    return Diagnosis(
        subject=Subject(kind=SubjectKind.PROCESS, name=name, pid=42, host="web-1"),
        decision=Decision.LEAKING,
        reason=reason,
        findings=(LEAK,),
        window=Window(start=START, end=START + 3_990.0, samples=400),
        unavailable={"swap_bytes": "denied"},
        blind_spots=("native heap: no ptrace",),
        notes=("times were out of order in 3 places and were sorted",),
        next=(NextCommand(argv=("leakdoc", "watch", "42"), effect=Effect.READ, why="see more"),),
        ending=Ending(at=START + 4_000.0, cause="oom_killed", signal=9),
        touched="nothing (read /proc)",
    )


def proof(*, reason: str = "no growth is left", check: str = "it grew before") -> Proof:
    """Return a proof that has something to say in every section."""
    before = trace(grows_per_hour=60 * MIB)
    after = trace(start=START + 4_100.0, pid=43)
    return Proof(
        decision=ProofDecision.NORMALIZED,
        reason=reason,
        checks=(
            Check(name="before_leaked", outcome=CheckOutcome.PASSED, reason=check, numbers={"old_bytes": 60 * MIB}),
            Check(name="swap", outcome=CheckOutcome.UNKNOWN, reason="swap was not read", numbers={"x": None}),
        ),
        before=Side(trace=before, decision=Decision.LEAKING, findings=(LEAK,)),
        after=Side(trace=after, decision=Decision.STABLE, findings=(NO_LEAK,)),
        parameters={"growth": {"smallest": None, "deviations": 8.0}, "leakdoc": "0.1.0"},
    )


PLAYBOOK = """
apiVersion: leakdoc/v1
kind: Playbook
metadata: {name: x, version: 1.0.0, incident_class: memory_leak, description: looks}
params: {target: {type: target, required: true}, channel: {type: slack_channel, default: "#incidents"}}
steps:
  - {id: sample, uses: leakdoc.sample_memory, with: {target: "${{ params.target }}"}, always: true}
advice: [look twice]
"""

RUN = """
steps:
  - {id: a, uses: leakdoc.run_command, with: {command: ["true"]}}
  - {id: b, uses: leakdoc.run_command, with: {command: ["true"]}, approval: {role: boss}}
"""
