"""A time to the limit in words, also where none is left."""

from __future__ import annotations

import pytest

from leakdoc.model.finding import Interval
from leakdoc.reporting.words import time_words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Interval(estimate=5400.0, low=4800.0, high=7200.0), "90 min (80 to 120 min)"),
        (Interval(estimate=0.0, low=0.0, high=0.0), "no time"),
    ],
)
def test_a_time_goes_with_its_interval_unless_it_is_over(span: Interval, words: str) -> None:
    assert time_words(span) == words
