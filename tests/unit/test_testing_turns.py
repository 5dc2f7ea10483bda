"""Whether it is the calls that keep something or another thread, by turns of calls and of none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leakdoc.testing.turns import Look, Turns

Rate = Callable[[float], float]  # bytes a second, at a time


class Machine:
    """Holds what calls and another thread keep, each at a rate; its calls take a tenth of a second."""

    def __init__(self, of_calls: Rate, of_thread: Rate) -> None:
        self.of_calls = of_calls
        self.of_thread = of_thread
        self.at_s = self.held = 0.0
        self.turns = 0

    def calls(self) -> Look:
        self.turns += 1
        self.held += 0.1 * self.of_calls(self.at_s)
        return self.nothing(0.1)

    def nothing(self, seconds: float) -> Look:
        self.held += seconds * self.of_thread(self.at_s)
        self.at_s += seconds
        return Look(self.at_s, {"memory": self.held})


def taken(of_calls: Rate, of_thread: Rate) -> tuple[bool, int]:
    machine = Machine(of_calls, of_thread)
    turns = Turns(machine.calls, machine.nothing, machine.nothing(0.0))
    turns.take(["memory"])
    return turns.grows_alone("memory"), machine.turns


def slows_down(at_s: float) -> float:
    return 1000.0 / (1.0 + 5.0 * at_s)  # as beside jobs that come while it is looked


@pytest.mark.parametrize(
    ("of_calls", "of_thread", "alone", "least"),
    [
        (lambda _: 0.0, lambda _: 1000.0, True, 10),
        (lambda _: 0.0, slows_down, True, 10),
        (lambda _: 1000.0, lambda _: 0.0, False, 10),
        (lambda _: 1000.0, lambda _: -10.0, False, 10),  # what another thread lets go of is no growth
        (lambda _: 0.0, lambda at_s: 1000.0 if at_s > 1.0 else 0.0, True, 10),
        (lambda _: 1000.0, lambda _: 400.0, True, 30),  # near the border: looked at for longer
        (lambda _: 1000.0, lambda _: 100.0, False, 30),
    ],
)
def test_what_goes_on_without_calls_is_another_threads(
    of_calls: Rate, of_thread: Rate, alone: bool, least: int
) -> None:
    assert taken(of_calls, of_thread) == (alone, least)


def test_what_neither_adds_to_does_not_grow_alone() -> None:
    assert taken(lambda _: 0.0, lambda _: 0.0) == (False, 10)
