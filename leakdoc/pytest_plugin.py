"""Fixtures for tests of what is built on leakdoc; pytest finds them once leakdoc is installed.

Nothing of leakdoc is imported until a test asks for one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import TestCase

import pytest

if TYPE_CHECKING:
    from leakdoc.model.sample import Column
    from leakdoc.testing.clock import FakeClock
    from leakdoc.testing.process import Curve, FakeProcess

_OPTIONS: Final = frozenset({"rounds", "calls", "warm_up"})  # of the marker


@pytest.fixture
def leakdoc_clock() -> FakeClock:
    """A clock whose time passes when somebody waits on it, or when the test says so: `leakdoc_clock.advance(60)`."""
    from leakdoc.testing.clock import FakeClock

    return FakeClock()


@pytest.fixture
def leakdoc_process(leakdoc_clock: FakeClock) -> Callable[..., FakeProcess]:
    """Make a process whose metrics are functions of its age, on `leakdoc_clock`; no real one is started.

    `leakdoc_process({"rss_bytes": lambda age_s: 50e6 + 1e3 * age_s}, limit_bytes=2**29)`; the options are those of
    `leakdoc.testing.process.FakeProcess`.
    """
    from leakdoc.testing.process import FakeProcess

    def make(curves: Mapping[str | Column, Curve], **options: Any) -> FakeProcess:
        return FakeProcess(curves, **{"clock": leakdoc_clock} | options)

    return make


@pytest.fixture
def leakdoc_recording(tmp_path: Path) -> Callable[..., Path]:
    """Write columns of readings into a recording in the test's directory; return where it is.

    `leakdoc_recording({"rss_bytes": [1e6, 2e6, None]}, interval_s=60)`; the options are those of
    `leakdoc.testing.series.made_samples`, and `name`, the file's.
    """
    from leakdoc.testing.series import made_recording, made_samples

    def make(
        columns: Mapping[str | Column, Sequence[float | None]], *, name: str = "recording.leakdoc", **options: Any
    ) -> Path:
        return made_recording(tmp_path / name, made_samples(columns, **options))

    return make


@pytest.fixture
def leakdoc_no_growth() -> Callable[..., None]:
    """`leakdoc.testing.assert_no_growth`: call something until it is decided whether it keeps anything."""
    from leakdoc.testing.growth import assert_no_growth

    return assert_no_growth


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker is for."""
    config.addinivalue_line(
        "markers",
        "leakdoc(rounds=200, calls=5, warm_up=0): call the test until it is decided whether it keeps memory, "
        "connections, descriptors, threads or tasks; fail with the lines if it does",
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse the marker where it would be passed over: methods of `unittest.TestCase` are called by unittest."""
    if item.get_closest_marker("leakdoc") is not None and issubclass(getattr(item, "cls", None) or object, TestCase):
        pytest.fail(
            "the marker leakdoc does not reach into unittest.TestCase: call assert_no_growth of leakdoc.testing there",
            pytrace=False,
        )


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Call a marked test again and again; its fixtures are set up once."""
    marker = pyfuncitem.get_closest_marker("leakdoc")
    if marker is None:
        return None
    from leakdoc.testing.growth import assert_no_growth

    _must_be_known(marker)
    __tracebackhide__ = True
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    assert_no_growth(functools.partial(pyfuncitem.obj, **arguments), **marker.kwargs)
    return True


def _must_be_known(marker: pytest.Mark) -> None:
    if marker.args or not marker.kwargs.keys() <= _OPTIONS:
        given = [*map(repr, marker.args), *(name for name in marker.kwargs if name not in _OPTIONS)]
        pytest.fail(f"the marker leakdoc takes rounds=, calls= and warm_up=, not {', '.join(given)}", pytrace=False)
