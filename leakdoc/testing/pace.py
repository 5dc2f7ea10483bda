"""How many calls a round has: the same in each, or more and more, as far as time and memory allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SEARCHING_S: Final = 1.0  # that the calls of fifteen longer rounds may take, where nothing has grown
_CONFIRMING_S: Final = 5.0  # where something has
_MOST_BYTES: Final = 64 << 20  # that they may keep, if it is a leak
_MOST_CALLS: Final = 10_000  # where nothing has grown
_MOST_CONFIRMING: Final = 50_000  # where something has: room for the caches that people make, of some 20,000 entries
_LEAST_CALLS: Final = 150  # fewer tell no more than the first rounds did
_CONFIRMING: Final = 750  # calls that are made to confirm however slow they are, of little that grows
_CONFIRMING_MUCH: Final = 300  # of much: caches that hold so much an entry have fewer of them
_MUCH_BYTES: Final = 1024  # a call
_ROUNDS: Final = 15  # that all go up decide
_LONGER: Final = 1.3  # a list, which makes room by an eighth, does so in each of such rounds


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls of the first round, by how much each is longer than the one before, and after how many it may be left."""

    calls: float
    longer: float = 1.0
    rounds: int = 10_000

    def calls_of(self, number: int) -> int:
        """Return how many calls a round has, of rounds that are counted from 0."""
        return max(round(self.calls * self.longer ** min(number, _ROUNDS - 1)), 1)


def longer_pace(seconds_per_call: float, grew: float | None) -> Pace | None:
    """Return a pace with longer and longer rounds; null where the calls are too slow, or keep too much, for it.

    Args:
        grew: bytes a call by which memory is suspected to grow; null where nothing was seen to grow.
    """
    calls, seconds = (_MOST_CALLS, _SEARCHING_S) if grew is None else (_MOST_CONFIRMING, _CONFIRMING_S)
    most = min(calls, seconds / max(seconds_per_call, 1e-9))
    if grew is not None:
        most = max(most, _CONFIRMING if grew < _MUCH_BYTES else _CONFIRMING_MUCH)
        most = min(most, _MOST_BYTES / max(grew, 1.0))
    if most < _LEAST_CALLS:
        return None
    return Pace(most * (_LONGER - 1) / (_LONGER**_ROUNDS - 1), _LONGER, _ROUNDS + 5)
