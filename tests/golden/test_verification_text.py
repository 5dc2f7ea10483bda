"""What a person reads of a proof and of its recheck, to the letter."""

from __future__ import annotations

from dataclasses import replace

from leakdoc.model.decision import CheckOutcome, Decision, ProofDecision
from leakdoc.model.proof import Check, Proof, Side
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.reporting.proof_text import proof_lines, recheck_lines
from tests.unit.verification_scenes import ages, sound

TRACE = replace(sound(ages(2.0)), subject=Subject(kind=SubjectKind.PROCESS, name="pay\x1b[2Jments", pid=4242))
SIDE = Side(trace=TRACE, decision=Decision.STABLE, findings=())
PROOF = Proof(
    decision=ProofDecision.INCONCLUSIVE,
    reason="the old leak would have grown 2 MiB in 20 min; 5.8 MiB are needed to see it; 38 min more may decide",
    checks=(
        Check(name="before_leaked", outcome=CheckOutcome.PASSED, reason="before leaked: resident memory"),
        Check(
            name="exposure",
            outcome=CheckOutcome.UNKNOWN,
            reason="the old leak would have grown 2 MiB in 20 min; 5.8 MiB are needed to see it, and not before that",
        ),
        Check(name="level", outcome=CheckOutcome.FAILED, reason="52 MiB in the last quarter, not\x07 lower"),
    ),
    before=SIDE,
    after=SIDE,
    needs_more_s=2_280.0,
)


def test_proof():
    assert proof_lines(PROOF) == [
        "INCONCLUSIVE  pay [2Jments pid 4242  the old leak would have grown 2 MiB in 20 min; 5.8 MiB are",
        "  needed to see it; 38 min more may decide",
        "  ok       before_leaked  before leaked: resident memory",
        "  unknown  exposure       the old leak would have grown 2 MiB in 20 min; 5.8 MiB are needed to see",
        "                          it, and not before that",
        "  FAILED   level          52 MiB in the last quarter, not  lower",
        "Next: keep watching for about 38 min more, then verify again",
    ]


def test_what_to_record_in_its_place_is_said():
    unknown = Check(name="before_leaked", outcome=CheckOutcome.UNKNOWN, reason="before is no proven leak")
    few, many = replace(SIDE, trace=sound(ages()[:20])), replace(SIDE, trace=sound(ages()))
    given = {"growth": {"min_samples": 30}}
    declined = replace(PROOF, checks=(unknown,), before=few, needs_more_s=None, parameters=given)
    assert proof_lines(declined)[-2:] == [
        "Next: record the leak again, until one process has 30 readings (BEFORE has 20): for longer, or with",
        "      a shorter --interval or scrape interval; more of AFTER does not help",
    ]
    assert proof_lines(replace(declined, before=many))[-1].startswith("Next: give a longer recording of the leak")


def test_where_the_day_goes_up_and_down_the_load_is_asked_for():
    unread = Check(name="load", outcome=CheckOutcome.UNKNOWN, reason="not read", numbers={"unread": True})
    asks = "  or: sooner, where it is the day that goes up and down: give the load of both sides"
    assert asks in proof_lines(replace(PROOF, checks=(*PROOF.checks, unread), needs_more_s=90_000.0))
    assert asks not in proof_lines(replace(PROOF, checks=(*PROOF.checks, unread)))
    assert asks not in proof_lines(replace(PROOF, needs_more_s=90_000.0))


def test_recheck_that_matches():
    lines = recheck_lines(
        ProofDecision.NOT_FIXED,
        matches=True,
        differences=(),
        notes=("growth.bins is 40 where 80 is usual",),
        origin="x",
    )
    assert lines == ["MATCHES  NOT FIXED", "Note: growth.bins is 40 where 80 is usual", "Note: x"]


def test_recheck_that_does_not_match():
    lines = recheck_lines(
        ProofDecision.NOT_FIXED,
        matches=False,
        differences=('decision: says "normalized", recomputed "not_fixed"',),
        notes=("it was judged by other rules",),
        origin="x",
    )
    assert lines == [
        "DOES NOT MATCH  the file does not say what its samples say",
        'Differs: decision: says "normalized", recomputed "not_fixed"',
        "Note: it was judged by other rules",
    ]
