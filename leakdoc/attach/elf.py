"""Where a function of a running process is: the symbols of a mapped ELF file, and where it is mapped.

Formats: elf(5), proc_pid_maps(5).
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PAGE: Final = 4096
_PT_LOAD: Final = 1
_SHT_DYNSYM: Final = 11
_SYMBOL: Final = struct.Struct("<IBBHQQ")
_SECTION: Final = struct.Struct("<IIQQQQIIQQ")
_SEGMENT: Final = struct.Struct("<IIQQQQQQ")


class NotElf64(ValueError):
    """The file is no ELF file of 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One line of `/proc/PID/maps` that a file is behind."""

    start: int
    end: int
    executable: bool
    offset: int
    path: str


def parse_mappings(text: str) -> Iterator[Mapping]:
    """Yield the mappings of files."""
    for line in text.splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5].startswith("/"):
            start, _, end = fields[0].partition("-")
            yield Mapping(
                start=int(start, 16),
                end=int(end, 16),
                executable="x" in fields[1],
                offset=int(fields[2], 16),
                path=fields[5],
            )


def symbols(path: Path, wanted: Iterable[str]) -> dict[str, int]:
    """Return the addresses of exported symbols, relative to where the file's first segment is mapped.

    Raises:
        OSError: the file cannot be read.
        NotElf64: it is of another format.
    """
    names = {name.encode() for name in wanted}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
        if image[:5] != b"\x7fELF\x02":
            raise NotElf64(f"{path.name} is not a 64-bit ELF file")
        try:
            base = _base(image)
            return {name.decode(): value - base for name, value in _exported(image) if name in names and value}
        except (struct.error, IndexError, ValueError) as error:
            raise NotElf64(f"{path.name} is damaged") from error


def _base(image: mmap.mmap) -> int:
    """Return the page of the lowest address that a segment asks for."""
    offset, size, number = struct.unpack_from("<Q", image, 32)[0], *struct.unpack_from("<HH", image, 54)
    segments = (_SEGMENT.unpack_from(image, offset + size * each) for each in range(number))
    return int(min(segment[3] for segment in segments if segment[0] == _PT_LOAD)) & -_PAGE


def _exported(image: mmap.mmap) -> Iterator[tuple[bytes, int]]:
    offset = struct.unpack_from("<Q", image, 40)[0]
    size, number = struct.unpack_from("<HH", image, 58)
    sections = [_SECTION.unpack_from(image, offset + size * each) for each in range(number)]
    for section in sections:
        if section[1] != _SHT_DYNSYM:
            continue
        strings = sections[section[6]][4]
        for at in range(section[4], section[4] + section[5], _SYMBOL.size):
            name, _, _, defined, value, _ = _SYMBOL.unpack_from(image, at)
            if defined:
                yield image[strings + name : image.find(b"\0", strings + name)], value
