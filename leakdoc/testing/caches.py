"""Caches of `functools.lru_cache` with an end, which tell of themselves whether they are full."""

from __future__ import annotations

import contextlib
import functools
import gc
from typing import Any, Final

_KIND: Final = type(functools.lru_cache(lambda: None))


class Filling:
    """The caches that calls fill; made before the collector's objects are frozen, which hides them."""

    def __init__(self) -> None:
        found = [each for each in gc.get_objects() if type(each) is _KIND]
        self._bounded: list[Any] = [each for each in found if each.cache_parameters()["maxsize"] is not None]
        self._sizes = self._now()
        self._filled: list[Any] = []

    def look(self) -> bool:
        """Note which have more entries than when this was made; say whether any has."""
        pairs = zip(self._bounded, self._sizes, self._now(), strict=True)
        self._filled = [each for each, before, now in pairs if now > before]
        return bool(self._filled)

    def empty(self) -> None:
        """Empty those: what they hold they would let go of by themselves, once they were full."""
        for each in self._filled:
            with contextlib.suppress(Exception):
                each.cache_clear()

    def _now(self) -> list[int]:
        return [each.cache_info().currsize for each in self._bounded]
