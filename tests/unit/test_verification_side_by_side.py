"""A canary beside the stable version: what shakes both falls out of the difference."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.sample import Column
from leakdoc.verification.side_by_side import overlap_s, side_by_side
from leakdoc.verification.verify import verify
from tests.unit.verification_scenes import KIB, LATER, MIB, ages, leaky, noise, sound, trace

AGE = ages(3_600.0, 10.0)
RSS = Column("rss_bytes")


def shaken(rate, *, seed, at=0.0, size=3.0):
    """Growth, and a wander that both versions share: the load of the hour, which nobody measured."""
    shared = np.cumsum(np.random.default_rng(5).normal(0.0, size * 10.0 * KIB, len(AGE)))
    return trace(AGE, at=at, rss_bytes=60.0 * MIB + rate * AGE + shared + noise(len(AGE), 20.0 * KIB, seed=seed))


def check_of(proof):
    return next(each for each in proof.checks if each.name == "side_by_side")


@pytest.mark.parametrize(("left", "low", "high"), [(0.0, -0.1, 0.1), (0.5, 0.4, 0.6), (1.0, 0.9, 1.1)])
def test_share_is_that_of_the_growth_in_the_same_minutes(left, low, high):
    found = side_by_side(shaken(20.0 * KIB, seed=1, size=0.3), shaken(left * 20.0 * KIB, seed=2, size=0.3), RSS)
    assert found is not None
    assert low < found.share < high
    assert found.upper_share > found.share


def test_restart_of_the_stable_version_is_no_step():
    age = np.concatenate([AGE, AGE])
    restarted = trace(age, lives=(len(AGE),), rss_bytes=30.0 * MIB + 20.0 * KIB * age)
    found = side_by_side(restarted, shaken(0.0, seed=2, size=0.0), RSS)
    assert found is not None
    assert found.stable_per_s == pytest.approx(20.0 * KIB, rel=0.05)


def test_stable_version_that_does_not_grow_tells_nothing():
    flat = trace(AGE, rss_bytes=30.0 * MIB)
    assert side_by_side(flat, flat, RSS) is None


def test_canary_that_grows_with_the_stable_version_fails():
    proof = verify(leaky(AGE, rate=20 * KIB), leaky(AGE, rate=18 * KIB))
    assert check_of(proof).outcome is CheckOutcome.FAILED
    assert proof.decision is not ProofDecision.NORMALIZED


def test_fixed_canary_passes():
    proof = verify(leaky(AGE, rate=20 * KIB), sound(AGE, at=0.0))
    assert check_of(proof).outcome is CheckOutcome.PASSED
    assert check_of(proof).numbers["settles"] is True
    assert proof.decision is ProofDecision.NORMALIZED


def test_after_that_followed_has_nothing_beside_it():
    proof = verify(leaky(ages()), sound(ages()))
    assert "nothing beside" in check_of(proof).reason
    assert overlap_s(leaky(ages()), sound(ages(), at=LATER)) < 0.0
