"""Columns of numbers as text, bit for bit: base64 of zlib of little-endian float64."""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Final

import numpy as np

from leakdoc.model.trace import FloatArray

_BYTES_EACH: Final = 8
_LITTLE_ENDIAN: Final = np.dtype("<f8")


def encode(values: FloatArray) -> str:
    """Write numbers as text; NaN, which is a missing reading, comes back as NaN."""
    packed = zlib.compress(np.ascontiguousarray(values, dtype=_LITTLE_ENDIAN).tobytes(), 9)
    return base64.b64encode(packed).decode("ascii")


def decode(text: str, *, most: int) -> FloatArray:
    """Read numbers back.

    Args:
        most: how many numbers there may be; no more than that is ever unpacked.

    Raises:
        ValueError: the text is not such a column, or holds more.
    """
    try:
        packed = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from None
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(packed, most * _BYTES_EACH + 1)
    except zlib.error as error:
        raise ValueError(f"not zlib: {error}") from None
    if len(raw) > most * _BYTES_EACH:
        raise ValueError(f"more than {most} numbers")
    if not unpacker.eof or unpacker.unused_data or len(raw) % _BYTES_EACH:
        raise ValueError("not a whole column of numbers")
    return np.frombuffer(raw, dtype=_LITTLE_ENDIAN).astype(np.float64)
