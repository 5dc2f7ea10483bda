"""Pages: what they say, that they load and run nothing, and that anyone can read them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from leakdoc.errors import UsageError
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.sample import Column
from leakdoc.model.trace import Trace
from leakdoc.reporting.html import to_html
from tests import reporting_values as values

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Elements, attributes and text of a page; it must be well nested."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def diagnosis_page() -> Page:
    return Page(to_html(values.diagnosis(), trace=values.trace(grows_per_hour=60 * values.MIB)))


@pytest.fixture(scope="module")
def proof_page() -> Page:
    return Page(to_html(values.proof()))


def test_the_decision_stands_first_with_its_reason(diagnosis_page: Page, proof_page: Page) -> None:
    assert "payments pid 42 on web-1 Leaking: Resident memory: grows 60 MiB/h." in diagnosis_page.text
    assert "payments on web-1 Normalized: No growth is left." in proof_page.text


@pytest.mark.parametrize(
    "said",
    [
        "fitted growth +60 MiB/h (58 to 62 MiB)",
        "Resident memory: as told here.",
        "+1 MiB/h",
        "97%, measured",
        "to postgres 10.0.0.5:5432 108 108 ESTABLISHED 108",
        "swap_bytes: denied",
        "native heap: no ptrace",
        "times were out of order in 3 places and were sorted",
        "Fix it.",
        "leakdoc watch 42",
        "2025-11-21 04:40:00 to 05:46:30 UTC (66.5 min), 400 samples",
        "oom killed at 2025-11-21 05:46:40 UTC, signal 9",
        "nothing (read /proc)",
    ],
)
def test_a_diagnosis_says_all_that_it_knows(diagnosis_page: Page, said: str) -> None:
    assert said in diagnosis_page.text


@pytest.mark.parametrize(
    "said",
    [
        "before leaked passed It grew before.",
        "swap not known Swap was not read.",
        "old bytes 60 MiB",
        "x not known",
        "growth.deviations 8",
        "growth.smallest follows the data",
        "to postgres 10.0.0.5:5432 108 8 108 8",
        "Dashed: the rate before, +60 MiB/h.",
        "only a signature could say whose samples they are",
        "after the rollout",
    ],
)
def test_a_proof_says_all_that_it_knows(proof_page: Page, said: str) -> None:
    assert said in proof_page.text


def test_a_page_loads_and_runs_nothing(diagnosis_page: Page, proof_page: Page) -> None:
    for page in (diagnosis_page, proof_page):
        assert not {tag for tag, _ in page.elements} & {
            "script",
            "link",
            "img",
            "iframe",
            "object",
            "a",
            "form",
            "base",
        }
        names = {name for _, attributes in page.elements for name in attributes}
        assert not {name for name in names if name.startswith("on")} | (names & {"src", "href", "style", "action"})
        policy = next(each["content"] for each in page.all("meta") if each.get("http-equiv"))
        assert policy is not None
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert not re.search(r"url\(|@import|https?:", to_html(values.proof()))


def test_a_page_can_be_listened_to(diagnosis_page: Page, proof_page: Page) -> None:
    for page in (diagnosis_page, proof_page):
        tags = Counter(tag for tag, _ in page.elements)
        assert tags["h1"] == tags["main"] == 1
        assert page.all("html") == [{"lang": "en"}]
        assert tags["table"] == tags["caption"] > 0
        assert all(each["scope"] in ("row", "col") for each in page.all("th"))
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids))
        assert tags["title"] == 1 + len([each for each in page.all("svg") if each.get("role") == "img"])


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "&lt;b&gt;", "\x1b[31m\u202e"]
)
def test_foreign_text_is_shown_and_does_nothing(hostile: str) -> None:
    trace = values.trace(grows_per_hour=60 * values.MIB)
    peer = Column.of("connections", peer=hostile, state=hostile, peer_kind=hostile)
    trace = replace(trace, columns={**trace.columns, peer: np.ones(len(trace))})
    told = values.diagnosis(reason=hostile, name=hostile)
    quiet = values.diagnosis(reason="x", name="x")
    page = Page(to_html(told, trace=trace))
    usual = {tag for tag, _ in Page(to_html(quiet, trace=trace)).elements}
    assert {tag for tag, _ in page.elements} == usual
    assert "\x1b" not in page.text
    assert "\u202e" not in page.text
    assert not hostile.isprintable() or hostile.replace("  ", " ") in page.text


def test_secrets_are_not_shown() -> None:
    told = values.diagnosis(
        reason="cannot reach postgresql://app:hunter2@db/pay with --token abc123 or PGPASSWORD=s3cret"
    )
    page = to_html(told)
    assert not [secret for secret in ("hunter2", "abc123", "s3cret") if secret in page]


def test_the_name_of_a_service_is_not_taken_for_a_secret() -> None:
    page = Page(to_html(values.diagnosis(reason="auth-service grows 70 MiB/h", name="token-issuer")))
    assert "Auth-service grows 70 MiB/h." in page.text
    assert "token-issuer pid 42" in page.text


def test_a_diagnosis_without_samples_has_no_pictures() -> None:
    assert not Page(to_html(values.diagnosis())).all("svg")


def test_what_a_watch_returned_is_reported_with_its_samples() -> None:
    @dataclass
    class Watched:
        diagnosis: Diagnosis
        trace: Trace

    assert Page(to_html(Watched(values.diagnosis(), values.trace()))).all("svg")


def test_anything_else_is_refused() -> None:
    with pytest.raises(UsageError, match="no report of a dict"):
        to_html({})


def test_a_peer_that_is_gone_after_the_rollout_is_drawn_as_none() -> None:
    proof = values.proof()
    peer = replace(values.LEAK, detector="unclosed_connections", metric="connections", evidence={"peer": values.PEER})
    gone = {column: kept for column, kept in proof.after.trace.columns.items() if not column.labels}
    after = replace(proof.after, trace=replace(proof.after.trace, columns=gone))
    page = Page(to_html(replace(proof, before=replace(proof.before, findings=(peer,)), after=after)))
    assert "From 0 to 0 in 66.5 min, at most 0." in page.text


def test_a_slope_that_is_no_leak_is_not_drawn() -> None:
    leak, trace = values.diagnosis(), values.trace()
    assert 'class="fit"' in to_html(leak, trace=trace)
    warming = replace(leak, findings=(replace(values.LEAK, decision=Decision.WARMING_UP),))
    assert 'class="fit"' not in to_html(warming, trace=trace)


def test_a_side_that_lacks_the_metric_says_so() -> None:
    proof = values.proof()
    bare = replace(proof.after, trace=replace(proof.after.trace, columns={}))
    assert "After the rollout this was not read." in Page(to_html(replace(proof, after=bare))).text


def test_before_and_after_are_one_picture_with_the_rollout_between_them() -> None:
    proof = values.proof()
    page = to_html(proof)
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert figures
    for figure in figures:
        assert figure.count('<svg aria-labelledby="picture') + figure.count('class="chart joint"') >= 1
        assert figure.count(">rollout<") == 1
        assert "Before: " in figure
        assert "After: " in figure


def test_a_short_side_can_still_be_read() -> None:
    proof = values.proof()
    short = replace(proof.after, trace=values.trace(samples=20, pid=43))
    shift = re.search(r'transform="translate\(([\d.]+) 0\)"', to_html(replace(proof, after=short)))
    assert shift
    assert float(shift[1]) < 0.75 * 900


@pytest.mark.parametrize(("confidence", "said"), [(1.0, "over 99%"), (0.994, "99%"), (None, "not known"), (0.5, "50%")])
def test_no_probability_is_called_certain(confidence: float | None, said: str) -> None:
    told = replace(values.diagnosis(), findings=(replace(values.LEAK, confidence=confidence),))
    page = Page(to_html(told))
    assert f"+1 MiB/h {said}" in page.text
    assert "100%" not in page.text


@pytest.mark.parametrize(
    ("reason", "needs_more_s", "said"),
    [
        ("too short", 3_600.0, "Too short. About 60 min more are needed."),
        ("needs about 60 min more", 3_600.0, "Needs about 60 min more."),
        ("decided", None, "Decided."),
        ("decided", 0.0, "Decided."),
    ],
)
def test_what_is_still_needed_is_said_once(reason: str, needs_more_s: float | None, said: str) -> None:
    told = replace(values.diagnosis(), findings=(replace(values.LEAK, reason=reason, needs_more_s=needs_more_s),))
    assert f"Leaking {said} +60 MiB/h" in Page(to_html(told)).text
