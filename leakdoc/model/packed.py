"""Diagnoses of a fleet kept small: a tenth of a million of them stay in forty megabytes.

They are much alike, so that the first few are the dictionary by which the others are packed: a fifth of what each takes
alone.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterator, Sequence
from typing import Final, overload

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.urgency import Key, key_of

_QUICK: Final = 1  # of zlib's levels: packing must cost less than judging
_EXAMPLES: Final = 4  # diagnoses in the dictionary: more of them hardly save more
_MOST: Final = 32_768  # bytes of a dictionary that zlib reads
_PLAIN, _PACKED = b"\0", b"\1"


class PackedDiagnoses(Sequence[Diagnosis]):
    """Diagnoses that are unpacked when they are looked at, each anew."""

    __slots__ = ("_decisions", "_dictionary", "_examples", "_keys", "_packed")

    def __init__(self, diagnoses: Sequence[Diagnosis] = ()) -> None:
        self._packed: list[bytes] = []
        self._keys: list[Key] = []
        self._decisions: list[Decision] = []
        self._examples: list[bytes] = []
        self._dictionary = b""
        for each in diagnoses:
            self.add(each)

    def add(self, diagnosis: Diagnosis) -> None:
        """Add one more."""
        self._packed.append(self._pack(pickle.dumps(diagnosis, pickle.HIGHEST_PROTOCOL)))
        self._keys.append(key_of(diagnosis))
        self._decisions.append(diagnosis.decision)

    def _pack(self, pickled: bytes) -> bytes:
        if not self._dictionary:
            self._examples.append(pickled)
            if len(self._examples) == _EXAMPLES:
                self._dictionary = b"".join(self._examples)[-_MOST:]
                self._examples = []
            return _PLAIN + pickled
        packing = zlib.compressobj(_QUICK, zdict=self._dictionary)
        return _PACKED + packing.compress(pickled) + packing.flush()

    def _unpack(self, packed: bytes) -> bytes:
        if packed[:1] == _PLAIN:
            return packed[1:]
        return zlib.decompressobj(zdict=self._dictionary).decompress(packed[1:])

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
        picked._dictionary, picked._examples = self._dictionary, list(self._examples)
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
        unpacked: Diagnosis = pickle.loads(self._unpack(self._packed[at]))
        return unpacked
