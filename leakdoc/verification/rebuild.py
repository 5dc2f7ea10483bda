"""Traces out of a proof's document, as `verify` takes them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from leakdoc.errors import DamagedSource
from leakdoc.model.exact_samples import decode
from leakdoc.model.proof_document import TIME
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Ending, Facts, FloatArray, Life, Trace
from leakdoc.sampling.instants import EARLIEST, LATEST, is_instant
from leakdoc.sampling.sources.column_names import column_of
from leakdoc.units import parse_time

MOST_ROWS: Final = 2**24  # half a year at one sample a second
MOST_NUMBERS: Final = 2**27  # 1 GiB, both sides and all columns


def traces_of(document: dict[str, Any]) -> tuple[Trace, Trace]:
    """Rebuild both sides.

    Raises:
        DamagedSource: a part of them is missing, of another kind, or too large.
    """
    numbers = 0
    traces = []
    for side in ("before", "after"):
        try:
            trace = _trace(document[side], document["samples"][side], (MOST_NUMBERS - numbers))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError) as error:
            raise unfit(f"the samples of {side} cannot be rebuilt: {type(error).__name__}: {error}") from error
        numbers += len(trace) * (len(trace.columns) + 1)
        traces.append(trace)
    return traces[0], traces[1]


def _trace(side: dict[str, Any], samples: dict[str, str], most: int) -> Trace:
    times = decode(samples[TIME], most=min(MOST_ROWS, most))
    if len(times) * len(samples) > most:
        raise ValueError("more numbers than a proof may hold")
    columns = {column_of(name): _column(text, len(times)) for name, text in samples.items() if name != TIME}
    if not ((times >= EARLIEST) & (times <= LATEST)).all():  # nor is NaN
        raise ValueError("a time is no date")
    lives = tuple(_life(each) for each in side["lives"])
    _check_lives(lives, times)
    return Trace(
        subject=_subject(side["subject"]), times=times, lives=lives, columns=columns, facts=_facts(side["facts"])
    )


def _column(text: str, rows: int) -> FloatArray:
    values = decode(text, most=rows)
    if len(values) != rows:
        raise ValueError(f"a column has {len(values)} numbers where there are {rows} times")
    return values


def _check_lives(lives: tuple[Life, ...], times: FloatArray) -> None:
    edges = [(life.first, life.stop) for life in lives]
    ends = [stop for _, stop in edges]
    if [first for first, _ in edges] != [0, *ends[:-1]] or ends[-1:] != [len(times)]:
        raise ValueError("the lives do not cover the samples")
    for first, stop in edges:
        if stop <= first or np.any(np.diff(times[first:stop]) < 0):
            raise ValueError("the samples of a life are not in order")


def _life(document: dict[str, Any]) -> Life:
    version = document["version"]
    return Life(
        first=int(document["first"]),
        stop=int(document["stop"]),
        pid=_whole(document["pid"]),
        started_at=_instant(document["started_at_s"]),
        version=None if version is None else str(version),
        limit_bytes=_real(document.get("limit_bytes")),
    )


def _subject(document: dict[str, Any]) -> Subject:
    started, host = document["started_at"], document["host"]
    return Subject(
        kind=SubjectKind(document["kind"]),
        name=str(document["name"]),
        pid=_whole(document["pid"]),
        started_at=None if started is None else parse_time(started),
        host=None if host is None else str(host),
    )


def _facts(document: dict[str, Any]) -> Facts:
    ending, touched = document["ending"], document["touched"]
    return Facts(
        limit_bytes=_real(document["limit_bytes"]),
        open_files_limit=_real(document["open_files_limit"]),
        unavailable={str(each["metric"]): str(each["reason"]) for each in document["unavailable"]},
        blind_spots=tuple(str(each) for each in document["blind_spots"]),
        notes=tuple(str(each) for each in document["notes"]),
        ending=None if ending is None else _ending(ending),
        touched=None if touched is None else str(touched),
        sorted_rows=int(document.get("sorted_rows", 0)),
        dropped_duplicates=int(document.get("dropped_duplicates", 0)),
    )


def _ending(document: dict[str, Any]) -> Ending:
    return Ending(
        at=parse_time(document["at"]),
        cause=str(document["cause"]),
        exit_status=_whole(document["exit_status"]),
        signal=_whole(document["signal"]),
    )


def _real(value: Any) -> float | None:
    return None if value is None else float(value)


def _instant(value: Any) -> float | None:
    at = _real(value)
    if at is not None and not is_instant(at):
        raise ValueError("a process starts at no date")
    return at


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def unfit(reason: str) -> DamagedSource:
    """Say that a proof cannot be rebuilt."""
    return DamagedSource(f"the proof is damaged: {reason}", help="Ask for the file again, where it was written.")
