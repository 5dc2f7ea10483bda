"""Whatever the numbers and the words are, a report is well-formed, and nothing foreign in it acts."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leakdoc.model.finding import Interval
from leakdoc.model.trace import Life
from leakdoc.reporting.chart import chart
from leakdoc.reporting.chart_axes import MOST_TICKS, ticks
from leakdoc.reporting.foreign import shown
from leakdoc.reporting.html import to_html
from leakdoc.reporting.markdown import to_markdown
from leakdoc.reporting.markdown_parts import code, escaped
from leakdoc.reporting.plot import Plot, view_of
from tests import reporting_values as values
from tests.unit.test_reporting_html_page import Page

UNITS = st.sampled_from(["bytes", "count", "seconds"])
READINGS = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30)
SLOPES = st.none() | st.builds(
    Interval,
    estimate=st.floats(-1e15, 1e15),
    low=st.none() | st.floats(-1e15, 1e15),
    high=st.none() | st.floats(-1e15, 1e15),
)


@given(low=st.floats(-1e18, 1e18), span=st.floats(1e-6, 1e18), unit=UNITS)
def test_ticks_are_few_ascend_and_lie_on_the_axis(low: float, span: float, unit: str) -> None:
    span = max(span, abs(low) * 1e-3)
    found = ticks(low, low + span, unit)  # type: ignore[arg-type]
    places = [tick.at for tick in found]
    assert places == sorted(set(places))
    assert len(found) <= MOST_TICKS + 1
    assert all(low - 1e-6 * span <= at <= low + span * (1 + 1e-6) for at in places)
    assert len({tick.label for tick in found}) == len(found)


@settings(max_examples=60)
@given(readings=READINGS, unit=UNITS, limit=st.none() | st.floats(0, 1e18), slope=SLOPES, cut=st.integers(0, 30))
def test_any_series_is_a_well_formed_picture_within_its_frame(
    readings: list[float], unit: str, limit: float | None, slope: Interval | None, cut: int
) -> None:
    count, edge = len(readings), min(cut, len(readings))
    lives = tuple(Life(first=first, stop=stop) for first, stop in ((0, edge), (edge, count)) if stop > first)
    picture = Plot(
        name="p", title="x", times=1e9 + np.arange(count) * 1.0, values=np.array(readings, dtype=np.float64),
        lives=lives, unit=unit, limit=limit, slope=slope,  # type: ignore[arg-type]
    )  # fmt: skip
    drawn = ElementTree.fromstring(chart(picture))
    height = view_of([picture]).height
    for path in (each.attrib["d"] for each in drawn.iter("path") if each.get("class") == "line"):
        assert re.fullmatch(r"(?:[ML][\d.]+ [\d.]+|V[\d.]+)+", path)
        assert all(0 <= float(number) <= 1_000 for number in re.findall(r"[\d.]+", path))
        assert height < 1_000


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_any_text_is_text_in_a_page(foreign: str) -> None:
    page = Page(to_html(values.diagnosis(reason=f"a {foreign}", name=f"b {foreign}")))
    usual = Page(to_html(values.diagnosis(reason="x", name="x")))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in usual.elements]
    assert " ".join(shown(f"b {foreign}").split()) in page.text


@given(st.text(alphabet=st.sampled_from("ab*_[]()`|\\~<>&@#$:/.!w-+1 \n\r\t{}"), max_size=40))
def test_escaped_text_has_no_markup_left_and_all_of_its_words(foreign: str) -> None:
    marked = escaped(foreign)
    without = re.sub(r"\\[\\`*_\[\]|~$:.]", "", marked)
    assert not re.search(r"[\\`*_\[\]|~$<>\n\r]|://|(?i:www)\.", without)
    assert not re.search(r"[@#](?!&#8203;)(?!8203;)", marked)
    back = re.sub(r"\\(.)", r"\1", marked).replace("&#8203;", "")
    for name, character in {"&lt;": "<", "&gt;": ">", "&amp;": "&"}.items():
        back = back.replace(name, character)
    assert back == shown(foreign).strip()


@given(st.text(alphabet=st.sampled_from("ab`| "), max_size=20))
def test_nothing_in_code_ends_it(foreign: str) -> None:
    marked = code(foreign)
    fence = re.match("`+", marked)[0]  # type: ignore[index]
    inside = marked[len(fence) : -len(fence)]
    assert fence not in re.findall("`+", inside)
    assert "|" not in marked


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_any_text_keeps_a_markdown_table_whole(foreign: str) -> None:
    proof = values.proof(reason=f"a {foreign}", check=f"b {foreign}")
    before = replace(proof.before, findings=(replace(values.LEAK, reason=f"c {foreign}"),))
    lines = to_markdown(replace(proof, before=before)).splitlines()
    usual = to_markdown(values.proof()).splitlines()
    assert len(lines) == len(usual)
    bars = [len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")]
    assert bars == [len(re.findall(r"(?<!\\)\|", line)) for line in usual if line.startswith("|")]
