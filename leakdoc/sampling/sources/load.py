"""A trace from whatever holds one; a file's format is told by its content, not by its name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from leakdoc.errors import UnreadableSource, UsageError
from leakdoc.model.trace import HasTrace, Trace
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import check_file, why
from leakdoc.sampling.recording_reader import read_recording
from leakdoc.sampling.recording_schema import HEADER
from leakdoc.sampling.sources.chosen import with_choices

_PARQUET: Final = b"PAR1"


if TYPE_CHECKING:
    import pandas as pd

    Source = str | os.PathLike[str] | Trace | HasTrace | pd.DataFrame


def load_trace(
    source: Source,
    *,
    load_column: str | None = None,
    limit_bytes: float | None = None,
) -> Trace:
    """Return the trace that a recording, a CSV, Parquet or JSON Lines file, a pandas frame, or a trace itself holds.

    Args:
        load_column: the column that counts the load; null takes ``requests_total`` where there is one.
        limit_bytes: the memory limit; null takes the source's own.

    Raises:
        UnreadableSource, DamagedSource: as the reader of the format says.
        MissingDependency: the format needs a library that is not installed.
        UsageError: there is no such load column, or the source is none of these.
    """
    return with_choices(_load(source), load_column=load_column, limit_bytes=limit_bytes)


def _load(source: Source) -> Trace:
    if isinstance(source, Trace):
        return source
    if isinstance(watched := getattr(source, "trace", None), Trace):  # what a watch returned
        return watched
    if isinstance(source, str | os.PathLike):
        return _load_file(Path(source))
    if hasattr(source, "columns") and hasattr(source, "index"):  # a frame, without importing pandas to ask
        from leakdoc.sampling.sources.frame import from_frame

        return from_frame(cast("pd.DataFrame", source))
    raise UsageError(
        f"no samples can be read from a {type(source).__name__}",
        help="Give a path, a pandas frame, a trace, or what a watch returned.",
    )


def _load_file(file: Path) -> Trace:
    check_file(file)
    start = _first_bytes(file)
    if start == HEADER:
        return read_recording(file)
    if start.startswith(_PARQUET):
        from leakdoc.sampling.sources.parquet import read_parquet

        return read_parquet(file)
    if start.lstrip().startswith(b"{"):
        from leakdoc.sampling.sources.jsonl import read_jsonl

        return read_jsonl(file)
    from leakdoc.sampling.sources.csv import read_csv

    return read_csv(file)


def _first_bytes(file: Path) -> bytes:
    if file.with_name(file.name + "-wal").exists():
        return HEADER  # being written, perhaps by this process, whose locks would go when we close it (see WriterLock)
    try:
        with file.open("rb") as opened:
            return opened.read(len(HEADER))
    except OSError as error:
        raise UnreadableSource(f"{inert(file.name)} cannot be read: {why(error)}") from error
