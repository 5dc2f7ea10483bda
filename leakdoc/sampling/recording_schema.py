"""The recording's format, version 2: its tables, and how values are laid out in them (docs/recording-format.md)."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from leakdoc.model.sample import Column
from leakdoc.model.subject import ProcessIdentity, Subject, SubjectKind

APPLICATION_ID: Final = 0x4C4B4452  # "LKDR" at offset 68 of the file
VERSION: Final = 2
HEADER: Final = b"SQLite format 3\x00"

TABLES: Final[Mapping[str, str]] = {
    "run": "CREATE TABLE run (id INTEGER PRIMARY KEY, opened_at REAL NOT NULL, subject TEXT NOT NULL, facts TEXT)",
    "process": "CREATE TABLE process (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE)",
    "metric": "CREATE TABLE metric (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    "layout": "CREATE TABLE layout (id INTEGER PRIMARY KEY, metrics BLOB NOT NULL UNIQUE)",
    "sample": (
        "CREATE TABLE sample (id INTEGER PRIMARY KEY, at REAL NOT NULL, process INTEGER NOT NULL, "
        "layout INTEGER NOT NULL, readings BLOB NOT NULL, crc INTEGER NOT NULL)"
    ),
    "absence": "CREATE TABLE absence (sample INTEGER PRIMARY KEY, process INTEGER NOT NULL, reasons TEXT NOT NULL)",
    "block": (
        "CREATE TABLE block (id INTEGER PRIMARY KEY, first_at REAL NOT NULL, last_at REAL NOT NULL, "
        "rows INTEGER NOT NULL, every_s REAL NOT NULL, data BLOB NOT NULL, crc INTEGER NOT NULL)"
    ),
}
TABLES_OF: Final[Mapping[int, Mapping[str, str]]] = {
    1: {name: sql for name, sql in TABLES.items() if name != "block"},
    VERSION: TABLES,
}

_ROW_HEAD: Final = struct.Struct("<dqq")


def checksum(at: float, process: int, layout: int, readings: bytes) -> int:
    """Return the CRC-32 of one sample's row."""
    return zlib.crc32(readings, zlib.crc32(_ROW_HEAD.pack(at, process, layout)))


def pack_readings(values: Iterable[float], count: int) -> bytes:
    """Lay numbers out as little-endian float64."""
    return struct.pack(f"<{count}d", *values)


def pack_layout(metrics: list[int]) -> bytes:
    """Lay metric ids out as little-endian 32-bit numbers, in the order of a sample's readings."""
    return struct.pack(f"<{len(metrics)}I", *metrics)


def unpack_layout(packed: bytes) -> tuple[int, ...]:
    """Read a layout back.

    Raises:
        ValueError: the bytes are no layout.
    """
    if len(packed) % 4:
        raise ValueError("a layout of a broken length")
    return struct.unpack(f"<{len(packed) // 4}I", packed)


def text(value: Any) -> str:
    """Write JSON as ASCII, so that foreign text of any kind (lone surrogates, NUL) is stored and comes back."""
    return json.dumps(value, separators=(",", ":"))


def column_text(column: Column) -> str:
    """Write a column as ``["metric"]`` or ``["metric",[["label","value"],…]]``."""
    return text([column.metric, column.labels] if column.labels else [column.metric])


def column_from(stored: str) -> Column:
    """Read a column back.

    Raises:
        ValueError, TypeError: the text is no column.
    """
    metric, *rest = json.loads(stored)
    labels = tuple((_string(name), _string(value)) for name, value in (rest[0] if rest else ()))
    return Column(_string(metric), labels)


def subject_text(subject: Subject) -> str:
    """Write a subject."""
    return text([subject.kind, subject.name, subject.pid, subject.started_at, subject.host])


def subject_from(stored: str) -> Subject:
    """Read a subject back.

    Raises:
        ValueError, TypeError: the text is no subject.
    """
    kind, name, pid, started_at, host = json.loads(stored)
    return Subject(
        kind=SubjectKind(kind),
        name=_string(name),
        pid=_whole(pid),
        started_at=number_or_none(started_at),
        host=None if host is None else _string(host),
    )


def process_text(process: ProcessIdentity) -> str:
    """Write a process's identity."""
    return text([process.pid, process.started_at, process.start_ticks, process.boot_id, process.pid_namespace])


def process_from(stored: str) -> ProcessIdentity:
    """Read a process's identity back.

    Raises:
        ValueError, TypeError: the text is no identity.
    """
    pid, started_at, start_ticks, boot_id, namespace = json.loads(stored)
    if not isinstance(pid, int):
        raise ValueError("a process without a pid")
    return ProcessIdentity(
        pid=pid,
        started_at=number_or_none(started_at),
        start_ticks=_whole(start_ticks),
        boot_id=None if boot_id is None else _string(boot_id),
        pid_namespace=_whole(namespace),
    )


def number_or_none(value: Any) -> float | None:
    """Return a stored number as a float, or null.

    Raises:
        ValueError: it is something else.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not a number")
    return float(value)


def _whole(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError("not a whole number")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value
