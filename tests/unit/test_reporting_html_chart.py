"""Pictures: ticks, gaps, spikes, scales, and words for those who do not see them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from leakdoc.model.finding import Interval
from leakdoc.model.trace import Life
from leakdoc.reporting.chart import LEFT, RIGHT, chart
from leakdoc.reporting.chart_axes import ticks
from leakdoc.reporting.chart_path import LARGEST, Frame, line_path
from leakdoc.reporting.plot import FROM_ZERO, Mark, Plot, description, view_of
from leakdoc.units import Unit

SVG = "{http://www.w3.org/2000/svg}"
MIB = 2.0**20


def plot(values: np.ndarray, **more: object) -> Plot:
    values = np.asarray(values, dtype=np.float64)
    fields = {
        "name": "p",
        "title": "resident memory",
        "times": np.arange(len(values)) * 1.0,
        "values": values,
        "lives": (Life(first=0, stop=len(values)),) if len(values) else (),
        "unit": "count",
    }
    return Plot(**(fields | more))  # type: ignore[arg-type]


def drawn(picture: Plot) -> ElementTree.Element:
    return ElementTree.fromstring(chart(picture))


def paths(picture: Plot, name: str) -> list[str]:
    return [each.attrib["d"] for each in drawn(picture).iter("path") if each.get("class") == name]


@pytest.mark.parametrize(
    ("low", "high", "unit", "labels"),
    [
        (0.0, 300 * MIB, "bytes", ["0", "50 MiB", "100 MiB", "150 MiB", "200 MiB", "250 MiB", "300 MiB"]),
        (1.2 * 2**30, 1.4 * 2**30, "bytes", ["1.20 GiB", "1.25 GiB", "1.30 GiB", "1.35 GiB", "1.40 GiB"]),
        (0.0, 6 * 3600.0, "seconds", ["0", "1 h", "2 h", "3 h", "4 h", "5 h", "6 h"]),
        (0.0, 5400.0, "seconds", ["0", "15 min", "30 min", "45 min", "60 min", "75 min", "90 min"]),
        (0.0, 7 * 86400.0, "seconds", ["0", "2 days", "4 days", "6 days"]),
        (0.0, 2 * 86400.0, "seconds", ["0", "12 h", "24 h", "36 h", "48 h"]),
        (0.0, 412.0, "count", ["0", "100", "200", "300", "400"]),
        (0.0, 1.0, "count", ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-2.0, 2.0, "count", ["-2", "-1", "0", "1", "2"]),
    ],
)  # fmt: skip
def test_ticks_are_few_and_round(low: float, high: float, unit: Unit, labels: list[str]) -> None:
    assert [tick.label for tick in ticks(low, high, unit)] == labels


def test_an_axis_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="axis"):
        ticks(1.0, 1.0, "count")


def test_the_line_is_interrupted_where_readings_are_missing() -> None:
    values = np.ones(100)
    values[40:60] = np.nan
    assert paths(plot(values), "line")[0].count("M") == 2


def test_the_line_is_interrupted_where_rows_are_missing() -> None:
    times = np.concatenate([np.arange(40.0), np.arange(90.0, 130.0)])
    assert paths(plot(np.ones(80), times=times), "line")[0].count("M") == 2


def test_a_jittery_scrape_is_one_line() -> None:
    times = np.cumsum(np.random.default_rng(1).uniform(0.5, 2.0, 100))
    assert paths(plot(np.ones(100), times=times), "line")[0].count("M") == 1


def test_a_lone_reading_is_a_dot() -> None:
    values = np.full(9, np.nan)
    values[4] = 5.0
    assert re.fullmatch(r"M[\d.]+ [\d.]+V[\d.]+", paths(plot(values), "line")[0])


def test_a_million_samples_make_a_small_picture_that_keeps_its_spike() -> None:
    values = np.random.default_rng(1).normal(100.0, 1.0, 1_000_000)
    values[654_321] = 150.0
    picture = plot(values)
    frame = Frame(width=400, height=200, start=0.0, end=1e6, low=0.0, high=150.0)
    path = line_path(picture.times, values, frame, columns=400)
    assert len(path) < 12_000
    highest = min(float(y) for y in re.findall(r"[MLV][\d.]* ?([\d.]+)(?=[MLV]|$)", path))
    assert highest == 0.0


def test_a_thousand_workers_make_a_small_picture() -> None:
    values = np.tile(np.arange(100.0), 1_000)
    lives = tuple(Life(first=each * 100, stop=each * 100 + 100) for each in range(1_000))
    picture = plot(values, times=np.tile(np.arange(100.0), 1_000), lives=lives)
    assert len(chart(picture)) < 400_000


def test_each_life_is_a_line_and_restarts_are_marked() -> None:
    lives = tuple(Life(first=each * 10, stop=each * 10 + 10) for each in range(3))
    picture = plot(np.ones(30), lives=lives)
    assert len(paths(picture, "line")) == 3
    assert paths(picture, "restart")[0].count("M") == 2


def test_workers_that_start_together_are_no_restarts() -> None:
    lives = (Life(first=0, stop=10), Life(first=10, stop=20))
    assert not paths(plot(np.ones(20), times=np.tile(np.arange(10.0), 2), lives=lives), "restart")


def test_readings_beyond_any_process_are_left_out_and_counted() -> None:
    values = np.full(10, 5.0)
    values[3:5] = 2.0**64, np.inf
    assert view_of([plot(values)]).high < LARGEST
    assert "2 of 10 readings missing" in description(plot(values))


@pytest.mark.parametrize(
    ("low", "high", "from_zero"), [(100.0, 101.0, False), (10.0, 100.0, True), (5.0, 5.0, True), (-5.0, 5.0, False)]
)
def test_the_axis_starts_at_zero_where_readings_come_near_it(low: float, high: float, from_zero: bool) -> None:
    assert FROM_ZERO == 0.5
    assert (view_of([plot(np.array([low, high]))]).low == 0.0) is from_zero


def test_the_limit_is_drawn_only_when_it_is_near() -> None:
    assert paths(plot(np.array([50.0, 60.0]), limit=100.0), "limit")
    assert not paths(plot(np.array([5.0, 6.0]), limit=100.0), "limit")
    assert "limit 100" in description(plot(np.array([5.0, 6.0]), limit=100.0))


def test_the_slope_is_drawn_with_its_interval() -> None:
    slope = Interval(estimate=3_600.0, low=1_800.0, high=5_400.0)
    picture = plot(np.arange(50.0), slope=slope)
    assert len(paths(picture, "band")) == len(paths(picture, "fit")) == 1
    assert not paths(plot(np.arange(50.0), slope=Interval(estimate=3_600.0, low=None, high=None)), "band")


def test_the_fitted_line_lies_on_a_line_of_that_slope() -> None:
    picture = plot(100.0 + np.arange(61.0), slope=Interval(estimate=3_600.0, low=3_600.0, high=3_600.0))
    numbers = [float(each) for each in re.findall(r"[\d.]+", paths(picture, "fit")[0])]
    line = [float(each) for each in re.findall(r"[\d.]+", paths(picture, "line")[0])]
    assert numbers == pytest.approx([*line[:2], *line[-2:]], abs=0.2)


def test_the_fitted_line_covers_the_growth_only() -> None:
    values = np.concatenate([np.full(60, 100.0), 100.0 + np.arange(41.0)])
    picture = plot(values, slope=Interval(estimate=3_600.0, low=3_600.0, high=3_600.0), grew_for_s=40.0)
    first, *_, last, end = [float(each) for each in re.findall(r"[\d.]+", paths(picture, "fit")[0])]
    width = 560.0 - LEFT - RIGHT
    assert (first, last) == pytest.approx((0.6 * width, width), abs=0.2)
    assert end == pytest.approx(float(re.findall(r"[\d.]+", paths(picture, "line")[0])[-1]), abs=0.2)


def test_two_plots_share_one_scale() -> None:
    before, after = plot(np.array([0.0, 400.0])), plot(np.array([5.0, 6.0, 7.0, 8.0]))
    shared = view_of([before, after])
    assert shared.duration_s == 3.0
    assert shared.high > 400.0


def test_what_happened_is_named() -> None:
    picture = drawn(plot(np.ones(5), marks=(Mark(at=0.0, label="after the rollout"),)))
    assert "after the rollout" in [each.text for each in picture.iter("text")]


def test_a_picture_has_a_title_and_a_description_for_those_who_do_not_see_it() -> None:
    picture = drawn(plot(np.array([1.0, 2.0])))
    assert picture.get("role") == "img"
    named = picture.get("aria-labelledby", "").split()
    assert [picture.find(f"*[@id='{each}']").tag for each in named] == ["title", "desc"]  # type: ignore[union-attr]
    assert picture.findtext("desc") == "From 1 to 2 in 1 s, at most 2."


def test_nothing_to_draw_is_said() -> None:
    assert drawn(plot(np.array([]))).findtext("desc") == "No reading."
    assert drawn(plot(np.full(3, np.nan))).findtext("desc") == "No reading."
