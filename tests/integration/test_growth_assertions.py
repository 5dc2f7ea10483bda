"""`assert_no_growth` and the marker: what keeps something fails with its line, what does not passes."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import os
import random
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from leakdoc.testing import Grew, assert_no_growth
from leakdoc.testing.sequential import Growing, Verdict
from tests.program import joined

KEPT: list[Any] = []
HERE = Path(__file__)


@pytest.fixture(autouse=True)
def emptied() -> Any:
    yield
    for each in KEPT:
        with contextlib.suppress(Exception):
            each.close()
    KEPT.clear()


def memory() -> None:
    KEPT.append(bytes(100))  # leaks memory


def sockets() -> None:
    KEPT.append(socket.socket())  # leaks connections


def files() -> None:
    KEPT.append(open(os.devnull, "rb"))  # leaks descriptors  # noqa: PTH123, SIM115


def line_of(function: Callable[[], None]) -> int:
    return function.__code__.co_firstlineno + 1


@pytest.mark.parametrize(("leak", "channel"), [(memory, "memory"), (sockets, "connections"), (files, "descriptors")])
def test_what_is_kept_fails_with_its_line(leak: Callable[[], None], channel: str) -> None:
    with pytest.raises(Grew, match=channel) as failed:
        assert_no_growth(leak)
    assert (str(HERE), line_of(leak)) in {(line.file, line.line) for line in failed.value.lines}


def test_threads_that_do_not_end_are_kept() -> None:
    end = threading.Event()
    with pytest.raises(Grew, match="threads"):
        assert_no_growth(lambda: threading.Thread(target=end.wait, daemon=True).start(), calls=1)
    end.set()


def test_tasks_that_do_not_end_are_kept() -> None:
    async def starts_one() -> None:
        KEPT.append(asyncio.create_task(asyncio.sleep(3600)))

    with pytest.raises(Grew, match="tasks"):
        assert_no_growth(starts_one)


def a_place_in_a_list() -> None:
    KEPT.append(None)


def one_in_ten() -> None:
    _CALLS.append(0)
    if len(_CALLS) == 10:
        _CALLS.clear()
        KEPT.append(bytes(100))


def beside_a_noise() -> None:
    KEPT.append(object())
    _NOISE["last"] = "x" * random.randrange(20_000)


_CALLS: list[int] = []
_NOISE: dict[str, str] = {}


@pytest.mark.parametrize("leak", [a_place_in_a_list, one_in_ten, beside_a_noise], ids=lambda each: each.__name__)
def test_what_is_kept_little_by_little_fails(leak: Callable[[], None]) -> None:
    with pytest.raises(Grew):
        assert_no_growth(leak)


def fine() -> None:
    with socket.socket(), open(os.devnull, "rb"):  # noqa: PTH123
        sorted([str(number) for number in range(100)])


def fills_up() -> None:
    if len(KEPT) < 30:
        KEPT.append(bytes(1000))


async def answers() -> None:
    await asyncio.gather(*(asyncio.sleep(0) for _ in range(3)))


def remembers_a_hundred() -> None:
    KEPT.append(bytes(1200))
    del KEPT[:-100]


async def gathers() -> None:
    """Let asyncio write its tasks' representations, attribute by attribute: the interpreter keeps such names."""
    await asyncio.gather(*(asyncio.sleep(0) for _ in range(10)))


@functools.lru_cache(maxsize=200_000)
def remembered(number: int) -> str:
    return str(number) * 20


def fills_a_cache_that_has_an_end() -> None:
    remembered(next(_NUMBERS))


def remembers_six_thousand() -> None:
    KEPT.append(bytes(120))
    del KEPT[:-6_000]


_NUMBERS = itertools.count()

SOUND = [fills_a_cache_that_has_an_end, remembers_six_thousand, fine, fills_up, answers, remembers_a_hundred, gathers]


@pytest.mark.parametrize("sound", SOUND, ids=lambda each: each.__name__)
def test_what_lets_go_of_everything_passes(sound: Callable[[], Any]) -> None:
    assert_no_growth(sound)


def test_what_is_kept_beside_a_cache_that_fills_fails_with_its_line_alone() -> None:
    def leaks() -> None:
        fills_a_cache_that_has_an_end()
        KEPT.append(bytes(300))

    with pytest.raises(Grew, match="fill it first, by warm_up=") as failed:
        assert_no_growth(leaks)
    lines = {line.line for line in failed.value.lines}
    assert leaks.__code__.co_firstlineno + 2 in lines
    assert remembered.__wrapped__.__code__.co_firstlineno + 2 not in lines


def test_a_cache_that_is_filled_first_passes() -> None:
    cache: dict[int, bytes] = {}

    def slow() -> None:
        time.sleep(0.0001)
        cache[next(_NUMBERS)] = bytes(40_000)  # of so much only a few hundred calls are made to confirm it
        if len(cache) > 1_000:
            del cache[min(cache)]

    assert_no_growth(slow, warm_up=1_000)


@contextlib.contextmanager
def another_thread_fills_a_ring() -> Iterator[None]:
    ring: deque[bytes] = deque(maxlen=10**6)
    end = threading.Event()

    def fill() -> None:
        while not end.wait(0.001):
            ring.append(bytes(200))

    thread = threading.Thread(target=fill)
    thread.start()
    try:
        yield
    finally:
        end.set()
        joined(thread)


def test_what_another_thread_keeps_is_not_the_calls() -> None:
    with another_thread_fills_a_ring():
        assert_no_growth(lambda: time.sleep(0.001), rounds=30)


def test_what_a_call_keeps_is_told_beside_another_thread_that_keeps_less() -> None:
    with another_thread_fills_a_ring(), pytest.raises(Grew, match="memory"):
        assert_no_growth(lambda: KEPT.append(bytes(1000)))


class KeepsWhenAwaited:
    async def __call__(self) -> None:
        sockets()


@pytest.mark.parametrize("made", [KeepsWhenAwaited(), lambda: KeepsWhenAwaited()()], ids=["object", "lambda"])
def test_a_coroutine_is_awaited_whatever_gives_it(made: Callable[[], Any]) -> None:
    with pytest.raises(Grew, match="connections"):
        assert_no_growth(made)


def test_few_rounds_find_what_many_find() -> None:
    with pytest.raises(Grew, match="connections"):
        assert_no_growth(sockets, rounds=5)


def yields() -> Iterator[None]:
    yield KEPT.append(bytes(100))


@pytest.mark.parametrize(
    ("uncallable", "told"), [(yields, "generator"), (3, "this is none: int"), (lambda _: None, "argument")]
)
def test_what_would_run_nothing_is_refused(uncallable: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        assert_no_growth(uncallable)


@pytest.mark.parametrize("option", [{"rounds": 0}, {"calls": 0}, {"warm_up": -1}, {"rounds": "50"}], ids=str)
def test_what_counts_nothing_is_refused(option: Any) -> None:
    with pytest.raises(ValueError, match="is a whole number from"):
        assert_no_growth(fine, **option)


def test_a_loop_that_runs_already_is_told() -> None:
    async def asserts() -> None:
        assert_no_growth(answers)

    with pytest.raises(RuntimeError, match="call it from a function that is not async"):
        asyncio.run(asserts())


def test_what_levels_off_is_no_leak() -> None:
    growing = Growing()
    for step in range(200):
        growing.add(1000 * 0.8**step)
        assert growing.verdict() is not Verdict.GROWS
        if 1000 * 0.8**step < 1:
            break


def test_what_goes_up_every_round_is_decided_within_twenty() -> None:
    growing = Growing()
    rounds = 0
    while growing.verdict() is Verdict.UNDECIDED:
        growing.add(64.0)
        rounds += 1
    assert growing.verdict() is Verdict.GROWS
    assert rounds <= 20


MARKED = """
import pytest
KEPT = []

@pytest.mark.leakdoc
def test_leaks(tmp_path):
    KEPT.append(str(tmp_path) * 9)

@pytest.mark.leakdoc(rounds=50)
def test_is_fine(tmp_path):
    assert tmp_path.exists()

def test_by_fixture(leakdoc_no_growth):
    leakdoc_no_growth(lambda: None)
"""


def test_the_marker_fails_a_test_that_keeps_something(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "test_marked.py").write_text(MARKED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert "1 failed, 2 passed" in done.stdout, done.stdout
    assert "test_marked.py:7" in done.stdout
