"""Diagnoses of a fleet kept small: a tenth of a million of them stay in a tenth of a gigabyte."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Sequence
from typing import overload

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.urgency import Key, key_of

_QUICK = 1  # of zlib's levels: packing must cost less than judging


class PackedDiagnoses(Sequence[Diagnosis]):
    """Diagnoses that are unpacked when they are looked at, each anew."""

    __slots__ = ("_decisions", "_keys", "_packed")

    def __init__(self, diagnoses: Sequence[Diagnosis] = ()) -> None:
        self._packed: list[bytes] = []
        self._keys: list[Key] = []
        self._decisions: list[Decision] = []
        for each in diagnoses:
            self.add(each)

    def add(self, diagnosis: Diagnosis) -> None:
        """Add one more."""
        self._packed.append(zlib.compress(pickle.dumps(diagnosis, pickle.HIGHEST_PROTOCOL), _QUICK))
        self._keys.append(key_of(diagnosis))
        self._decisions.append(diagnosis.decision)

    @property
    def decisions(self) -> Sequence[Decision]:
        """The decision of each, without unpacking any."""
        return self._decisions

    def faults(self) -> Iterator[Diagnosis]:
        """Yield those with a fault."""
        return (self[at] for at, decision in enumerate(self._decisions) if decision.is_fault)

    def most_urgent_first(self) -> PackedDiagnoses:
        """Return the same in the order in which they deserve a look."""
        return self._picked(sorted(range(len(self)), key=self._keys.__getitem__))

    def _picked(self, places: Sequence[int]) -> PackedDiagnoses:
        picked = PackedDiagnoses()
        picked._packed = [self._packed[at] for at in places]
        picked._keys = [self._keys[at] for at in places]
        picked._decisions = [self._decisions[at] for at in places]
        return picked

    def __len__(self) -> int:
        return len(self._packed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, at: int) -> Diagnosis: ...
    @overload
    def __getitem__(self, at: slice) -> PackedDiagnoses: ...
    def __getitem__(self, at: int | slice) -> Diagnosis | PackedDiagnoses:
        if isinstance(at, slice):
            return self._picked(range(len(self))[at])
        unpacked: Diagnosis = pickle.loads(zlib.decompress(self._packed[at]))
        return unpacked
