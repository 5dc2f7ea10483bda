"""Columns of numbers, packed for sealed blocks: whole numbers as differences in steps of their common divisor.

A stream is a head (`HEAD`: how the numbers are meant, bytes a difference, count, first, step) and the differences in
steps, signed and little-endian, all lowest bytes first, then all second ones, and so on: bytes that belong together
compress well. Written without numpy, which a watch that records need not have loaded.
"""

from __future__ import annotations

import math
import struct
from array import array
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

HEAD: Final = struct.Struct("<BBIqQ")
# How the whole numbers of a stream are meant.
WHOLE: Final = 0  # as they are
HUNDREDTHS: Final = 1  # clock ticks: divided by 100
BITS: Final = 2  # the bits of a 64-bit float each
_TYPES: Final = {1: "b", 2: "h", 4: "i", 8: "q"}
_EXACT: Final = 2.0**53
_WRAP: Final = 1 << 64


def pack_whole(numbers: Sequence[int], meant: int = WHOLE) -> bytes:
    """Pack 64-bit whole numbers; differences wrap around."""
    if not numbers:
        return HEAD.pack(meant, 1, 0, 0, 1)
    steps = [_wrapped(after - before) for before, after in pairwise(numbers)]
    step = math.gcd(*steps) or 1
    if step > 1:
        steps = [each // step for each in steps]
    low, high = min(steps, default=0), max(steps, default=0)
    width = next(each for each in (1, 2, 4, 8) if -(1 << 8 * each - 1) <= low and high < 1 << 8 * each - 1)
    return HEAD.pack(meant, width, len(numbers), numbers[0], step) + _bytes_apart(array(_TYPES[width], steps), width)


def pack_floats(numbers: Sequence[float]) -> bytes:
    """Pack floats to their last bit, in whichever way is the smallest that can."""
    if all(-_EXACT < each < _EXACT for each in numbers):  # false for NaN
        whole = [int(each) for each in numbers]
        if all(map(_same, whole, numbers)):
            return pack_whole(whole)
        hundredths = [round(each * 100.0) for each in numbers]
        if all(_same(many / 100.0, each) for many, each in zip(hundredths, numbers, strict=True)):
            return pack_whole(hundredths, HUNDREDTHS)
    return pack_whole(struct.unpack(f"<{len(numbers)}q", struct.pack(f"<{len(numbers)}d", *numbers)), BITS)


def unpack(data: memoryview, at: int, longest: int) -> tuple[npt.NDArray[np.float64] | npt.NDArray[np.int64], int]:
    """Read a stream that begins at an offset.

    Args:
        longest: how many numbers it may hold.

    Returns:
        The numbers, floats unless they are meant as whole ones, and the offset behind the stream.

    Raises:
        ValueError, struct.error: the bytes are no stream.
    """
    import numpy as np

    meant, width, count, first, step = HEAD.unpack_from(data, at)
    at += HEAD.size
    length = max(count - 1, 0) * width
    if meant > BITS or width not in _TYPES or count > longest or at + length > len(data):
        raise ValueError("a stream of a broken head")
    apart = np.frombuffer(data, dtype=np.uint8, count=length, offset=at).reshape(width, -1)
    steps = np.ascontiguousarray(apart.T).view(f"<i{width}").ravel().astype(np.int64)
    numbers = np.empty(count, dtype=np.int64)
    numbers[:1] = first
    with np.errstate(over="ignore"):
        numbers[1:] = first + np.cumsum(steps * np.array(step, dtype=np.uint64).astype(np.int64))
    if meant == BITS:
        return numbers.view(np.float64), at + length
    return (numbers if meant == WHOLE else numbers / 100.0), at + length


def _bytes_apart(steps: array[int], width: int) -> bytes:
    if _BIG_ENDIAN:
        steps.byteswap()
    packed = steps.tobytes()
    return packed if width == 1 else b"".join(packed[place::width] for place in range(width))


def _same(one: float, other: float) -> bool:
    """Say whether two numbers are the same to the last bit; 0 and -0 are not."""
    return one == other and (one != 0 or math.copysign(1.0, other) > 0)


def _wrapped(difference: int) -> int:
    return (difference + _WRAP // 2) % _WRAP - _WRAP // 2


_BIG_ENDIAN: Final = struct.pack("=H", 1) != struct.pack("<H", 1)
