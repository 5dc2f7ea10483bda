"""Is it the calls that keep something, or another thread? Turns of calls and of none, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

_ALONE: Final = 0.25  # of the rate beside calls: what goes on so fast without one is hardly the call's
_NOT_SURE: Final = (0.05, 0.5)  # between them a share may be either, and more turns are taken
_FEWEST: Final = 10
_MOST: Final = 30
SHORTEST_S: Final = 0.1  # of a turn: in less, on a loaded machine, another thread may not come to its own
_LONGEST_S: Final = 0.5


class Look(NamedTuple):
    """What was held at a moment, in seconds of a clock."""

    at_s: float
    held: Mapping[str, float]


class Turns:
    """What was added beside calls and without them.

    They alternate, so that both see the same machine: what slows another thread down for a while does so in both.

    Args:
        calls: makes some calls, and looks at what is held after them.
        nothing: waits for so many seconds, and looks likewise.
        first: what is held before.
    """

    def __init__(self, calls: Callable[[], Look], nothing: Callable[[float], Look], first: Look) -> None:
        self._calls = calls
        self._nothing = nothing
        self._beside: list[tuple[Look, Look]] = []
        self._alone: list[tuple[Look, Look]] = []
        self._last = first

    def take(self, names: Collection[str]) -> None:
        """Take turns until it is clear of each channel whether it grows alone."""
        for number in range(_MOST):
            if number >= _FEWEST and all(self._is_clear(name) for name in names):
                break
            self._turn()

    def grows_alone(self, name: str) -> bool:
        """Say whether a channel goes on as fast while nothing is called: another thread fills something."""
        return self._share(name) > _ALONE

    def _turn(self) -> None:
        called = self._calls()
        self._beside.append((self._last, called))
        paused = self._nothing(min(max(called.at_s - self._last.at_s, SHORTEST_S), _LONGEST_S))
        self._alone.append((called, paused))
        self._last = paused

    def _is_clear(self, name: str) -> bool:
        least, most = _NOT_SURE
        return not least < self._share(name) < most

    def _share(self, name: str) -> float:
        """Return the rate without calls, of the rate beside them."""
        alone, beside = _rate(name, self._alone), _rate(name, self._beside)
        if alone <= 0:
            return 0.0
        return alone / beside if beside > 0 else float("inf")


def _rate(name: str, turns: list[tuple[Look, Look]]) -> float:
    added = sum(after.held[name] - before.held[name] for before, after in turns)
    return added / sum(after.at_s - before.at_s for before, after in turns)
