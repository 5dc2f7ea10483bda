"""What a look at connections comes to, for a step that asked about some signatures."""

from __future__ import annotations

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Window
from leakdoc.model.finding import Finding
from playbook_steps.looking import Question, decided

QUESTION = Question(signatures=("pool_exhausted",), what="pools that callers wait for")
LONG = Window(start=0.0, end=40.0, samples=80)


def finding(decision: Decision) -> Finding:
    return Finding(detector="pool_exhausted", metric="connections", decision=decision, reason=f"it is {decision}")


def test_the_gravest_word_counts() -> None:
    findings = [finding(Decision.STABLE), finding(Decision.EXHAUSTED), finding(Decision.INCONCLUSIVE)]
    assert decided(QUESTION, findings, LONG) == (Decision.EXHAUSTED, "it is exhausted")


def test_nothing_found_is_stable_only_after_a_look_that_would_have_shown_it() -> None:
    assert decided(QUESTION, [], LONG)[0] is Decision.STABLE
    short = Window(start=0.0, end=5.0, samples=80)
    decision, reason = decided(QUESTION, [], short)
    assert decision is Decision.INCONCLUSIVE
    assert "too few" in reason
    assert decided(QUESTION, [], Window(start=None, end=None, samples=0))[0] is Decision.INCONCLUSIVE
