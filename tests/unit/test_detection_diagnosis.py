"""How findings add up: the ordered rules of a diagnosis."""

from __future__ import annotations

from itertools import permutations

import pytest

from leakdoc.detection.diagnosis import add_up
from leakdoc.model.decision import Decision
from leakdoc.model.finding import Finding


def finding(decision: str, metric: str = "open_fds") -> Finding:
    return Finding(detector="growth", metric=metric, decision=Decision(decision), reason=f"{metric} is {decision}")


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        (["leaking", "stable"], "leaking"),
        (["exhausted", "leaking"], "leaking"),
        (["unresponsive", "exhausted"], "exhausted"),
        (["warming_up", "stable"], "warming_up"),
        (["load_driven", "stable"], "load_driven"),
        (["load_driven", "warming_up"], "warming_up"),
        (["stable", "inconclusive"], "stable"),
        (["inconclusive"], "inconclusive"),
        ([], "inconclusive"),
    ],
)
def test_the_most_severe_finding_decides_in_any_order(decisions: list[str], expected: str) -> None:
    for order in permutations(decisions):
        assert add_up([finding(each) for each in order])[0] is Decision(expected)


def test_undecided_memory_outweighs_what_is_no_fault() -> None:
    decision, reason = add_up([finding("inconclusive", "rss_bytes"), finding("stable"), finding("warming_up")])
    assert decision is Decision.INCONCLUSIVE
    assert reason == "rss_bytes is inconclusive"


def test_undecided_memory_does_not_hide_a_fault() -> None:
    assert add_up([finding("inconclusive", "rss_bytes"), finding("leaking")])[0] is Decision.LEAKING


def test_the_reason_names_every_fault() -> None:
    _, reason = add_up([finding("leaking", "rss_bytes"), finding("leaking", "open_fds"), finding("stable", "threads")])
    assert reason == "rss_bytes is leaking; open_fds is leaking"
