"""Which of many short literals can stand in a long text, told in one pass by the characters that they are made of.

Looking for each of a hundred literals reads a long text a hundred times. Here it is read once: every three bytes in a
row are marked in a table, and a literal one of whose own is not marked is not in the text. The rest may be, and are
looked for. It is the filter of Wu and Manber's search for many patterns (1994), kept as a table of what occurs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_LONG: Final = 16 << 10  # characters: of a shorter text, looking for each literal is quicker
_PIECE: Final = 1 << 20  # bytes marked at a time, so that a text of any length takes little memory
_ROW: Final = 3  # bytes in a row that are marked together
_TABLE: Final = 1 << 7 * _ROW  # of each byte seven bits count


def standing_in(lowered: str, literals: Sequence[str]) -> frozenset[str]:
    """Return those of the literals that stand in a text.

    Args:
        lowered: the text, in lower case like the literals.
        literals: what is looked for; none is empty.
    """
    return frozenset(each for each in _candidates(lowered, tuple(literals)) if each in lowered)


def _candidates(lowered: str, literals: tuple[str, ...]) -> Sequence[str]:
    if len(lowered) < _LONG:
        return literals
    rows, starts, kept, short = _rows(literals)
    import numpy as np

    marked = np.bitwise_and.reduceat(_marked(lowered)[rows], starts)
    return (*short, *(literal for literal, here in zip(kept, marked, strict=True) if here))


def _marked(lowered: str) -> npt.NDArray[np.uint8]:
    """Return the table of what three bytes stand somewhere in a row in a text."""
    import numpy as np

    table = np.zeros(_TABLE, dtype=np.uint8)
    raw = np.frombuffer(lowered.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    for begin in range(0, len(raw), _PIECE):
        table[_packed(raw[begin : begin + _PIECE + _ROW - 1])] = 1
    return table


def _packed(raw: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    import numpy as np

    seven = (raw & 0x7F).astype(np.int32)
    return seven[:-2] | seven[1:-1] << 7 | seven[2:] << 14


@cache
def _rows(
    literals: tuple[str, ...],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.intp], tuple[str, ...], tuple[str, ...]]:
    """Return where the literals stand in the table, where each begins in that, which they are, and the short ones."""
    import numpy as np

    raws = {literal: np.frombuffer(literal.encode(), dtype=np.uint8) for literal in literals}
    kept = tuple(literal for literal, raw in raws.items() if len(raw) >= _ROW)
    rows = [_packed(raws[literal]) for literal in kept]
    starts = np.cumsum([0, *map(len, rows)])[:-1]
    return np.concatenate(rows), starts, kept, tuple(literal for literal in raws if literal not in kept)
