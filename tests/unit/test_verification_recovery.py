"""Back at the baseline, or not: latency, errors, waiters and connections after an incident."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leakdoc.errors import UsageError
from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.sample import Column
from leakdoc.verification.recheck import recheck
from leakdoc.verification.recovery.policy import RecoveryPolicy
from leakdoc.verification.recovery.verify import verify_recovered
from leakdoc.verification.write import write_proof
from tests.unit.verification_scenes import EPOCH, ages, trace

BEGAN = 600.0
EVERY = ages(1_200.0, 5.0)
AT = EPOCH + BEGAN
D = ProofDecision


def latency(age, level, seed):
    rng = np.random.default_rng(seed)
    return level * np.exp(0.15 * rng.normal(size=len(age)))


def incident(**columns):
    """Ten quiet minutes, ten of an incident."""
    slow = np.where(EVERY < BEGAN, 1.0, 8.0)
    told = {"latency_p99_s": 0.2 * slow * latency(EVERY, 1.0, 1), "pool_waiters": np.where(EVERY < BEGAN, 0.0, 30.0)}
    told |= {"requests_total": np.floor(50.0 * EVERY), "errors_total": np.cumsum(np.where(EVERY < BEGAN, 0.0, 40.0))}
    return trace(EVERY, rss_bytes=30e6, **(told | columns))


def after(level=0.2, *, waiters=0.0, errors=0.0, lasts=1_200.0, **columns):
    age = ages(lasts, 5.0)
    told = {"latency_p99_s": level * latency(age, 1.0, 2), "pool_waiters": waiters}
    told |= {"requests_total": np.floor(50.0 * age), "errors_total": np.cumsum(np.full(len(age), errors))}
    return trace(age, at=5_000.0, rss_bytes=30e6, **(told | columns))


def verified(new, *, before=None, **how):
    return verify_recovered(incident() if before is None else before, new, incident_at=AT, **how)


def check_of(proof, name):
    return next(each for each in proof.checks if each.name == name)


def test_memory_that_stays_up_is_no_level_that_has_to_come_back():
    proof = verified(after(swap_bytes=90e6), before=incident(swap_bytes=np.where(EVERY < BEGAN, 0.0, 50e6)))
    assert proof.decision is D.NORMALIZED, proof.reason
    assert not any("swap" in name for name in check_of(proof, "before_deviated").numbers)


def test_everything_that_was_lifted_is_back():
    proof = verified(after())
    assert proof.decision is D.NORMALIZED, proof.reason
    assert set(check_of(proof, "before_deviated").numbers) == {"latency_p99_s", "pool_waiters", "error_share"}


@pytest.mark.parametrize(
    ("new", "decision"),
    [
        (after(1.6), D.NOT_FIXED),
        (after(waiters=25.0), D.NOT_FIXED),
        (after(errors=40.0), D.NOT_FIXED),
        (after(0.8), D.IMPROVED),
        (after(waiters=10.0), D.IMPROVED),
        (after(4.0), D.WORSE),
        (after(lasts=60.0), D.INCONCLUSIVE),
    ],
    ids=["slow", "waiting", "failing", "less slow", "fewer waiters", "slower", "too short"],
)
def test_what_is_not_back_is_told(new, decision):
    proof = verified(new)
    assert proof.decision is decision, proof.reason


def test_channel_that_was_not_read_after_is_not_proven():
    new = after()
    bare = replace(new, columns={each: values for each, values in new.columns.items() if each.metric != "pool_waiters"})
    proof = verified(bare)
    assert proof.decision is D.INCONCLUSIVE
    assert "pool_waiters" in proof.reason


def test_falling_back_into_it_now_and_then_is_no_recovery():
    age = ages(1_200.0, 5.0)
    waiters = np.where(age % 200.0 < 25.0, 30.0, 0.0)
    proof = verified(after(waiters=waiters))
    assert proof.decision is not D.NORMALIZED
    assert check_of(proof, "stays").outcome is CheckOutcome.FAILED


def test_climbing_again_is_no_recovery():
    age = ages(1_200.0, 5.0)
    proof = verified(after(waiters=np.floor(age / 1_200.0 * 12.0)))
    assert proof.decision is not D.NORMALIZED


def test_idle_service_proves_nothing():
    age = ages(1_200.0, 5.0)
    proof = verified(after(requests_total=np.floor(0.5 * age)))
    assert proof.decision is D.INCONCLUSIVE
    assert "load" in proof.reason


def test_incident_that_nothing_shows_is_no_incident():
    flat = trace(EVERY, pool_waiters=0.0, rss_bytes=30e6)
    proof = verified(after(), before=flat)
    assert proof.decision is D.INCONCLUSIVE
    assert "stood out" in proof.reason


def test_baseline_may_be_a_file_of_its_own():
    before = incident()
    from leakdoc.verification.windows import keep

    quiet, bad = keep(before, before.times < AT), keep(before, before.times >= AT)
    proof = verify_recovered(bad, after(), baseline=quiet)
    assert proof.decision is D.NORMALIZED
    with pytest.raises(UsageError, match="does not end before"):
        verify_recovered(quiet, after(), baseline=bad)


def test_begin_must_be_told():
    with pytest.raises(UsageError, match="where did the incident begin"):
        verify_recovered(incident(), after())


def test_named_metric_must_be_there():
    with pytest.raises(UsageError, match="no column latency_p50"):
        verified(after(), metrics=["latency_p50"])


def test_a_wrong_name_is_told_the_columns_though_only_memory_was_read():
    age = ages(60.0)
    with pytest.raises(UsageError) as refused:
        verify_recovered(
            trace(age, rss_bytes=3e7), trace(age, at=500.0, rss_bytes=3e7), incident_at=EPOCH + 30.0, metrics=["nope"]
        )
    assert refused.value.help == "There are: rss_bytes."


def test_only_named_metrics_are_judged():
    proof = verified(after(waiters=25.0), metrics=["latency_p99_s"])
    assert proof.decision is D.NORMALIZED


def test_proof_is_rechecked_like_any_other(tmp_path):
    path = write_proof(verified(after()), tmp_path / "proof.json")
    assert recheck(path).matches
    assert not recheck(path).notes
    document = json.loads(path.read_text(encoding="utf-8"))
    document["parameters"]["recovery"]["back_share"] = 0.9
    path.write_text(json.dumps(document), encoding="utf-8")
    assert not recheck(path).matches
    document["parameters"]["recovery"] = {}
    path.write_text(json.dumps(document), encoding="utf-8")
    assert not recheck(path).matches


def test_no_policy_field_is_without_a_reason():
    assert RecoveryPolicy().back_share < RecoveryPolicy().improved_share
    assert Column("error_share").text == "error_share"


def test_reference_checker_reads_a_proof_of_recovery_too(tmp_path):
    path = write_proof(verified(after()), tmp_path / "proof.json")
    reference = Path(__file__).parents[2] / "docs" / "recheck_reference.py"
    done = subprocess.run([sys.executable, str(reference), str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("ok       sha256")
