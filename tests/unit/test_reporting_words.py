"""Numbers of checks are written in the unit that their name tells."""

from __future__ import annotations

import pytest

from leakdoc.reporting.report_words import NOT_KNOWN, value_text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("slope_before_per_s", 50_000.0, "50,000 a second"),
        ("slope_after_per_s", -2.5, "-2.5 a second"),
        ("exposure_s", 50_000.0, "13.9 h"),
        ("old_bytes", 2.0**20, "1 MiB"),
        ("needs_more_s", None, NOT_KNOWN),
        ("share", float("nan"), NOT_KNOWN),
    ],
)
def test_a_number_is_written_as_what_its_name_says(name: str, value: float | None, text: str) -> None:
    assert value_text(name, value) == text
