"""What a pipeline reads: JUnit XML and workflow commands, which foreign text can neither break nor begin."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.reporting import github
from leakdoc.reporting.junit import to_junit
from leakdoc.verification.verify import verify
from tests.unit.verification_scenes import LATER, ages, leaky, sound

FIXED = verify(leaky(ages()), sound(ages()))
UNFIXED = verify(leaky(ages()), leaky(ages(), at=LATER))
OPEN = verify(leaky(ages()), sound(ages(5.0)))
HOSTILE = 'x\n::error::owned\r<a href="//evil">&\x1b[31m %0A::set-output name=a::b\u202e'


def root(proof):
    return ElementTree.fromstring(to_junit(proof).encode())


@pytest.mark.parametrize(
    ("proof", "kind"), [(FIXED, None), (UNFIXED, "failure"), (OPEN, "error")], ids=["fixed", "unfixed", "open"]
)
def test_decision_passes_only_when_normalized(proof, kind):
    cases = root(proof).findall("./testsuite/testcase")
    assert [case.get("name") for case in cases] == ["decision", *(check.name for check in proof.checks)]
    assert {child.tag for child in cases[0]} == ({kind} if kind else {"system-out"})
    assert (kind is None) == (int(root(proof).get("failures")) + int(root(proof).get("errors")) == 0)


def test_counts_are_those_of_the_cases():
    suite = root(UNFIXED).find("testsuite")
    for word, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(word)) == len(suite.findall(f"./testcase/{tag}"))
    assert int(suite.get("tests")) == len(suite.findall("testcase"))


def hostile():
    check = replace(UNFIXED.checks[0], reason=HOSTILE, outcome=CheckOutcome.FAILED)
    return replace(UNFIXED, reason=HOSTILE, checks=(check,))


def test_foreign_text_stays_text_in_xml():
    suite = root(hostile()).find("testsuite")
    assert '<a href="//evil">' in suite.find("testcase/failure").text
    assert "\x1b" not in to_junit(hostile())


def test_foreign_text_begins_no_command():
    lines = list(github.annotation_lines(hostile()))
    assert len(lines) == 2
    assert all(line.count("\n") == 0 and line.startswith(("::error title=", "::warning title=")) for line in lines)
    assert "%250A" in lines[0]


@pytest.mark.parametrize(
    ("proof", "level"), [(FIXED, "notice"), (UNFIXED, "error"), (OPEN, "warning")], ids=["fixed", "unfixed", "open"]
)
def test_annotation_has_the_level_of_the_decision(proof, level):
    assert next(github.annotation_lines(proof)).startswith(f"::{level} title=leakdoc%3A ")


def test_nothing_is_annotated_elsewhere():
    assert not github.runs_there({})
    assert not github.runs_there({"GITHUB_ACTIONS": "false"})
    assert github.runs_there({"GITHUB_ACTIONS": "true"})


def test_summary_that_is_too_long_is_cut(monkeypatch):
    monkeypatch.setattr(github, "LARGEST_SUMMARY", 200)
    assert "too long" in github.summary(FIXED)
    assert FIXED.decision is ProofDecision.NORMALIZED
