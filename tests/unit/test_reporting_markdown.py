"""Markdown for a pull request: what it says, and that foreign text in it is text."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.errors import UsageError
from leakdoc.reporting.markdown import MARKER, to_markdown
from leakdoc.reporting.markdown_parts import code, escaped
from leakdoc.reporting.sparkline import sparkline
from tests import reporting_values as values


@pytest.mark.parametrize(
    ("foreign", "marked"),
    [
        ("a|b", r"a\|b"),
        ("`rm`", r"\`rm\`"),
        ("[x](http://evil)", r"\[x\](http\://evil)"),
        ("www.evil.example", r"www\.evil.example"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("*bold* _it_ ~~no~~", r"\*bold\* \_it\_ \~\~no\~\~"),
        ("$x$", r"\$x\$"),
        ("@team", "@&#8203;team"),
        ("see #12", "see #&#8203;12"),
        ("a\nb", "a b"),
        ("10.0.0.5:5432 (70 %)", "10.0.0.5:5432 (70 %)"),
    ],
)
def test_foreign_text_is_text(foreign: str, marked: str) -> None:
    assert escaped(foreign) == marked


@pytest.mark.parametrize(("foreign", "marked"), [("a", "`a`"), ("a`b", "`` a`b ``"), ("a|b", "`a¦b`")])
def test_code_stays_code(foreign: str, marked: str) -> None:
    assert code(foreign) == marked


def test_a_diagnosis_without_samples_says_what_it_knows() -> None:
    text = to_markdown(values.diagnosis())
    assert text.startswith(f"{MARKER}\n## payments pid 42 on web-1\n\n**Leaking:** Resident memory: grows 60 MiB/h.\n")
    assert "- swap\\_bytes: denied" in text
    assert "- `leakdoc watch 42  # read-only`: see more" in text
    assert "oom killed" in text
    assert "▁" not in text


def test_a_diagnosis_with_samples_shows_them() -> None:
    text = to_markdown(values.diagnosis(), trace=values.trace(grows_per_hour=60 * values.MIB))
    assert "| to postgres 10.0.0.5:5432 | 108 | 108 ESTABLISHED | 108 |" in text
    assert "Resident memory. `" in text


def test_anything_else_is_refused() -> None:
    with pytest.raises(UsageError, match="no report of a int"):
        to_markdown(7)


def test_bars_rise_with_the_readings_and_a_gap_is_a_dot() -> None:
    times, readings = np.arange(8.0), np.arange(8.0)
    readings[3] = np.nan
    assert sparkline(times, readings, low=0.0, high=7.0, width=8) == "▁▂▃·▅▆▇█"


def test_no_readings_are_no_bars() -> None:
    assert sparkline(np.arange(3.0), np.full(3, np.nan), low=0.0, high=1.0) == ""
