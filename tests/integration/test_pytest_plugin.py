"""The fixtures that a user's tests find once leakdoc is installed."""

from __future__ import annotations

import pytest

pytest_plugins = ("pytester",)

USERS_TESTS = """
import threading
import leakdoc

def test_a_process(leakdoc_process, leakdoc_clock):
    process = leakdoc_process({"rss_bytes": lambda age_s: 5.0 + age_s}, dies_at_s=60.0)
    samples = process.sampler().iter_samples(15.0, threading.Event(), for_s=30.0)
    assert [value for sample in samples for value in sample.values.values()] == [5.0, 20.0, 35.0]
    leakdoc_clock.advance(30.0)
    assert process.has_ended()

def test_a_recording(leakdoc_recording, tmp_path):
    path = leakdoc_recording({"rss_bytes": [1e6 + 1e5 * row for row in range(60)]}, interval_s=60.0)
    assert path == tmp_path / "recording.leakdoc"
    assert leakdoc_recording({"threads": [1.0]}, name="other.leakdoc") != path
    assert len(leakdoc.load_trace(path)) == 60
"""

LIGHT = """
import sys

def test_nothing_is_loaded_that_nobody_asked_for():
    assert not [name for name in sys.modules if name.partition(".")[0] in ("numpy", "pandas", "pydantic")]
    assert not [name for name in sys.modules if name.startswith("leakdoc.") and name != "leakdoc.pytest_plugin"]
"""


def test_the_fixtures_are_found_by_name(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USERS_TESTS)
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=2)


def test_a_test_that_does_not_use_them_does_not_pay_for_them(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LIGHT)
    pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-W", "error").assert_outcomes(passed=1)
