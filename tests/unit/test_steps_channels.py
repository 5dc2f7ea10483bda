"""What earlier steps said of a channel, and when later words prove it gone."""

from __future__ import annotations

from typing import Any

import pytest

from leakdoc.model.decision import Decision, Outcome
from leakdoc.model.documents import finding_document
from leakdoc.model.finding import Finding, Interval
from leakdoc.model.step import EvidenceValue, StepResult
from playbook_steps.channels import Word, faults, why_open, words_in, words_of


def word(decision: Decision, *, metric: str = "connections", peer: str | None = "db:5432", **numbers: Any) -> Word:
    return Word(
        metric=metric,
        peer=peer,
        decision=decision,
        slope_per_hour=numbers.get("slope"),
        smallest_detectable_per_hour=numbers.get("detectable"),
    )


OLD = word(Decision.LEAKING, slope=180.0)


@pytest.mark.parametrize(
    ("after", "still", "reason"),
    [
        ([], False, "was not judged after"),
        ([word(Decision.STABLE, peer="other:1", detectable=1.0)], False, "was not judged after"),
        ([word(Decision.STABLE, peer=None, detectable=1.0)], False, "was not judged after"),
        ([word(Decision.LEAKING)], True, "does so still"),
        ([word(Decision.EXHAUSTED), word(Decision.STABLE, detectable=1.0)], True, "does so still"),
        ([word(Decision.STABLE)], False, "could still hide"),
        ([word(Decision.STABLE, detectable=181.0)], False, "could still hide"),
        ([word(Decision.WARMING_UP, detectable=1.0)], False, "could still hide"),
        ([word(Decision.INCONCLUSIVE, detectable=1.0)], False, "could still hide"),
    ],
)
def test_a_channel_is_open_until_a_settled_word_would_have_shown_it(
    after: list[Word], still: bool, reason: str
) -> None:
    why = why_open(OLD, after)
    assert why is not None
    assert why[0] is still
    assert why[1].startswith("connections to db:5432: ") and reason in why[1]


@pytest.mark.parametrize("decision", [Decision.STABLE, Decision.LOAD_DRIVEN])
def test_a_channel_is_proven_by_a_settled_word_that_would_have_shown_it(decision: Decision) -> None:
    assert why_open(OLD, [word(decision, detectable=180.0)]) is None
    assert why_open(word(Decision.LEAKING), [word(decision, detectable=180.0)]) is not None


@pytest.mark.parametrize(
    ("metric", "channel"),
    [
        ("rss_bytes", "memory"), ("heap_bytes", "memory"), ("open_fds", "descriptors"), ("threads", "threads"),
        ("tasks", "threads"), ("connections", "connections"), ("queue_length", "queue_length"),
    ],
)  # fmt: skip
def test_channels_have_names_for_people(metric: str, channel: str) -> None:
    assert word(Decision.STABLE, metric=metric, peer=None).channel == channel


FINDING = Finding(
    detector="unclosed_connections",
    metric="connections",
    decision=Decision.LEAKING,
    reason="",
    slope_per_hour=Interval(estimate=180.0, low=None, high=None),
    smallest_detectable_per_hour=3.0,
    evidence={"peer": "db:5432"},
)


def test_a_finding_says_the_same_as_value_output_or_evidence() -> None:
    document = {"findings": [finding_document(FINDING)]}
    as_output = StepResult(outcome=Outcome.PASSED, reason="", outputs={"diagnosis": document})
    as_evidence = StepResult(
        outcome=Outcome.PASSED, reason="", evidence=(EvidenceValue(name="diagnosis", value=document),)
    )
    expected = [word(Decision.LEAKING, slope=180.0, detectable=3.0)]
    assert list(words_in([FINDING])) == list(words_of(as_output)) == list(words_of(as_evidence)) == expected
    assert expected[0].column == 'connections{peer="db:5432"}'
    assert not list(words_of(StepResult(outcome=Outcome.PASSED, reason="")))


def test_only_what_is_wrong_is_held_against_after_and_once() -> None:
    assert faults([OLD, word(Decision.STABLE, peer=None), OLD]) == [OLD]
