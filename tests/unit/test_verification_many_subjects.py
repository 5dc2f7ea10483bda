"""Many processes are held against each other by age, and a canary against the stable version of its hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import leakdoc
from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.sample import Column
from leakdoc.model.trace import Life, Trace
from leakdoc.verification.verify import verify
from tests.unit.verification_scenes import EPOCH, KIB, LATER, MIB, Floats, noise, pages, trace

D = ProofDecision
EVERY_S = 10.0


def fleet(
    born: list[float], until: float, rate: float, *, quiet_s: float = 0.0, at: float = 0.0, seed: int = 0
) -> Trace:
    """Pods that start at different times and are all sampled until one instant; each leaks from an age on."""
    parts = [np.arange(each + EVERY_S, until, EVERY_S) - each for each in born]
    lengths = [len(part) for part in parts]
    ages = np.concatenate(parts)
    grown = rate * np.maximum(ages - quiet_s, 0.0)
    memory = pages(30.0 * MIB + grown + noise(len(ages), 20.0 * KIB, seed=seed))
    made = trace(ages, rss_bytes=memory)
    edges = np.cumsum([0, *lengths]).tolist()
    lives = tuple(
        Life(first=edges[place], stop=edges[place + 1], pid=300 + place + int(at), started_at=EPOCH + at + each)
        for place, each in enumerate(born)
    )
    times = np.concatenate([EPOCH + at + each + part for each, part in zip(born, parts, strict=True)])
    return replace(made, times=times, lives=lives)


def outcome(proof, name):
    return next(check.outcome for check in proof.checks if check.name == name)


@pytest.mark.parametrize(("rate", "decision"), [(0.0, D.NORMALIZED), (10.0 * KIB, D.NOT_FIXED)])
def test_pods_that_started_at_different_times_are_compared_process_by_process(rate, decision):
    before = fleet([0.0, 400.0, 900.0, 1_200.0], 2_400.0, 10.0 * KIB)
    after = fleet([0.0, 300.0, 500.0], 2_000.0, rate, at=LATER, seed=1)
    proof = verify(before, after)
    assert proof.decision is decision, proof.reason


@pytest.mark.parametrize(("until", "decision"), [(700.0, D.INCONCLUSIVE), (2_400.0, D.NORMALIZED)])
def test_a_leak_of_old_pods_is_not_gone_because_the_new_ones_are_young(until, decision):
    """It begins at ten minutes: eight young pods have more time together than that, and none of them has it alone."""
    before = fleet([0.0, 300.0, 600.0, 900.0], 3_000.0, 20.0 * KIB, quiet_s=600.0)
    after = fleet([50.0 * each for each in range(8)], until, 0.0, at=LATER, seed=1)
    proof = verify(before, after)
    assert proof.decision is decision, proof.reason
    if decision is D.INCONCLUSIVE:
        assert outcome(proof, "pauses") is CheckOutcome.UNKNOWN
        assert proof.needs_more_s is not None


def frame(pid: int, memory: Floats, version: str) -> pd.DataFrame:
    """Samples as somebody would gather them: one row a scrape."""
    times = pd.to_datetime(EPOCH + EVERY_S * np.arange(len(memory)), unit="s", utc=True)
    return pd.DataFrame({"time": times, "rss_bytes": memory, "pid": pid, "version": version})


@pytest.mark.parametrize(("left", "decision"), [(0.0, D.NORMALIZED), (1.0, D.NOT_FIXED)])
def test_canary_beside_the_stable_version_comes_from_frames(left, decision):
    """Both follow the same load, which nobody recorded: in the difference it falls out."""
    age = EVERY_S * np.arange(360)
    load = 400.0 * KIB * np.sin(age / 400.0)
    stable = frame(1, pages(40.0 * MIB + 10.0 * KIB * age + load + noise(360, 20.0 * KIB)), "v41")
    canary = frame(2, pages(40.0 * MIB + left * 10.0 * KIB * age + load + noise(360, 20.0 * KIB, seed=3)), "v42")
    proof = leakdoc.verify(stable, canary)
    assert proof.decision is decision, proof.reason
    beside = next(check for check in proof.checks if check.name == "side_by_side")
    assert beside.outcome is (CheckOutcome.PASSED if decision is D.NORMALIZED else CheckOutcome.FAILED)
    assert "in the same" in beside.reason
    assert Column("rss_bytes") in proof.before.trace.columns
