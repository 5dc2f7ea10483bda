"""What holds of every proof."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from leakdoc.model.decision import ProofDecision
from leakdoc.model.exact_samples import decode, encode
from leakdoc.verification.differences import differences
from leakdoc.verification.verify import verify
from tests.unit.verification_scenes import LATER, MIB, ages, noise, pages, trace

SPEC = importlib.util.spec_from_file_location(
    "recheck_reference", Path(__file__).parents[2] / "docs" / "recheck_reference.py"
)
assert SPEC is not None and SPEC.loader is not None
REFERENCE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(REFERENCE)

whole = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)
text = st.text(st.characters(exclude_categories=("Cs",)))
scalars = st.none() | st.booleans() | whole | st.floats(allow_nan=False, allow_infinity=False) | text
documents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=20)


@given(arrays(np.float64, st.integers(0, 50)))
def test_samples_come_back_bit_for_bit(values):
    assert decode(encode(values), most=len(values)).tobytes() == values.tobytes()


@given(documents)
def test_reference_checker_writes_canonical_json_as_the_library_does(document):
    assert REFERENCE.canonical(document).encode() == rfc8785.dumps(document)


@given(documents)
def test_document_does_not_differ_from_itself(document):
    assert list(differences(document, document)) == []


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(1e-6, 1e6))
def test_numbers_that_differ_by_more_than_rounding_are_told(number, by):
    other = number + by
    told = list(differences({"n": number}, {"n": other}))
    assert bool(told) == (not math.isclose(number, other, rel_tol=1e-9, abs_tol=1e-12))


@settings(max_examples=15)
@given(
    rate=st.floats(2.0 * 1024, 300.0 * 1024),
    spread=st.floats(0.0, 0.02),
    lasts=st.floats(0.1, 1.5),
    left=st.floats(0.6, 1.0),
    seed=st.integers(0, 10_000),
)
def test_unfixed_is_never_normalized(rate, spread, lasts, left, seed):
    """Whatever the rate, the noise, and the time after the rollout."""
    old, new = ages(200.0, 2.0), ages(200.0 * lasts, 2.0)
    base = 60.0 * MIB
    before = trace(old, rss_bytes=pages(base + rate * old + noise(len(old), spread * base, seed)))
    memory = pages(base + left * rate * new + noise(len(new), spread * base, seed + 1))
    assert verify(before, trace(new, at=LATER, rss_bytes=memory)).decision is not ProofDecision.NORMALIZED


@settings(max_examples=4)
@given(shift=st.integers(0, 10**8), seed=st.integers(0, 100))
def test_when_it_happened_does_not_matter(shift, seed):
    age = ages()
    before = pages(30.0 * MIB + 150.0 * 1024 * age + noise(len(age), 20_000.0, seed))
    after = pages(28.0 * MIB + noise(len(age), 20_000.0, seed + 1))
    decisions = {
        verify(trace(age, at=at, rss_bytes=before), trace(age, at=at + LATER, rss_bytes=after)).decision
        for at in (0.0, float(shift))
    }
    assert len(decisions) == 1
