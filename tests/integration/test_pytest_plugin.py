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


SAYS_SOMETHING = """
import logging, sys, warnings
import pytest

@pytest.mark.leakdoc(rounds=20)
def test_logs(caplog):
    logging.getLogger("served").warning("one more")
    assert caplog.messages[-1] == "one more"

@pytest.mark.leakdoc(rounds=20)
def test_prints(capsys):
    print("one more", file=sys.stderr)

@pytest.mark.filterwarnings("always")
@pytest.mark.leakdoc(rounds=20)
def test_warns():
    warnings.warn("old", DeprecationWarning)
"""

SAYS_AND_FAILS = """
import logging, socket
import pytest

KEPT = []

@pytest.mark.leakdoc
def test_keeps():
    logging.getLogger("served").warning("one more")
    KEPT.append(socket.socket())
"""

WRONGLY_MARKED = """
import unittest
import pytest

@pytest.mark.leakdoc(50)
def test_by_place():
    pass

@pytest.mark.leakdoc(round=50)
def test_by_a_wrong_name():
    pass

@pytest.mark.leakdoc(calls=0)
def test_of_no_calls():
    pass

class TestOfUnittest(unittest.TestCase):
    @pytest.mark.leakdoc
    def test_is_passed_over(self):
        pass
"""


def test_what_pytest_captures_of_a_marked_test_is_not_what_it_keeps(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SAYS_SOMETHING)
    pytester.runpytest_subprocess("--capture=sys", timeout=120).assert_outcomes(passed=3, warnings=5)


def test_the_report_of_a_marked_test_is_short(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SAYS_AND_FAILS)
    result = pytester.runpytest_subprocess(timeout=120)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Grew: each call keeps*", "*test_the_report_of_a_marked_test_is_short.py:9 (*"])
    assert len(result.outlines) < 60


def test_a_marker_that_cannot_be_followed_says_what_it_takes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(WRONGLY_MARKED)
    result = pytester.runpytest_subprocess("-W", "error", timeout=120)
    result.assert_outcomes(failed=3, errors=1)
    result.stdout.fnmatch_lines(
        [
            "the marker leakdoc does not reach into unittest.TestCase: *",
            "the marker leakdoc takes rounds=, calls= and warm_up=, not 50",
            "the marker leakdoc takes rounds=, calls= and warm_up=, not round",
            "*calls= is a whole number from 1 on, not 0",
        ]
    )
