"""A diagnosis back from its JSON document, whoever wrote it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from leakdoc.errors import DamagedSource
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.diagnosis import Diagnosis, NextCommand, Window
from leakdoc.model.finding import Finding, Interval
from leakdoc.model.step import Effect
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Ending
from leakdoc.units import parse_time

_BROKEN: Final = (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


def diagnosis_from(document: Mapping[str, Any]) -> Diagnosis:
    """Read ``leakdoc.diagnosis/1``; fields that are not known are passed over.

    Raises:
        DamagedSource: a part of it is missing or of another kind.
    """
    try:
        return _diagnosis(document)
    except _BROKEN as error:
        raise DamagedSource(
            f"this is no diagnosis: {type(error).__name__}: {error}",
            help="`leakdoc schema diagnosis` prints what is expected.",
        ) from error


def _diagnosis(document: Mapping[str, Any]) -> Diagnosis:
    window, ending = document["window"], document.get("ending")
    return Diagnosis(
        subject=_subject(document["subject"]),
        decision=Decision(document["decision"]),
        reason=_text(document["reason"]),
        findings=tuple(_finding(each) for each in document["findings"]),
        window=Window(start=_time(window["from"]), end=_time(window["to"]), samples=int(window["samples"])),
        unavailable={_text(each["metric"]): _text(each["reason"]) for each in document["unavailable"]},
        blind_spots=_texts(document["blind_spots"]),
        notes=_texts(document.get("notes", [])),
        next=tuple(_next(each) for each in document["next"]),
        ending=None if ending is None else _ending(ending),
        touched=_optional_text(document.get("touched")),
    )


def _subject(document: Mapping[str, Any]) -> Subject:
    return Subject(
        kind=SubjectKind(document["kind"]),
        name=_text(document["name"]),
        pid=_whole(document.get("pid")),
        started_at=_time(document.get("started_at")),
        host=_optional_text(document.get("host")),
    )


def _finding(document: Mapping[str, Any]) -> Finding:
    return Finding(
        detector=_text(document["detector"]),
        metric=_text(document["metric"]),
        decision=Decision(document["decision"]),
        reason=_text(document["reason"]),
        confidence=_number(document.get("confidence")),
        basis=Basis(document.get("basis", Basis.MEASURED)),
        slope_per_hour=_interval(document.get("slope_per_hour")),
        smallest_detectable_per_hour=_number(document.get("smallest_detectable_per_hour")),
        time_to_limit_s=_interval(document.get("time_to_limit_interval_s")),
        needs_more_s=_number(document.get("needs_more_s")),
        evidence=dict(document.get("evidence", {})),
        advice=_texts(document.get("advice", [])),
    )


def _interval(document: Mapping[str, Any] | None) -> Interval | None:
    if document is None or (estimate := _number(document["estimate"])) is None:
        return None
    return Interval(estimate=estimate, low=_number(document["low"]), high=_number(document["high"]))


def _next(document: Mapping[str, Any]) -> NextCommand:
    return NextCommand(
        argv=_texts(document["argv"]),
        effect=Effect(document["effect"]),
        why=_text(document["why"]),
        needs=_optional_text(document.get("needs")),
    )


def _ending(document: Mapping[str, Any]) -> Ending:
    return Ending(
        at=parse_time(_text(document["at"])),
        cause=_text(document["cause"]),
        exit_status=_whole(document.get("exit_status")),
        signal=_whole(document.get("signal")),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


def _texts(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise TypeError(f"not a list: {values!r}")
    return tuple(_text(each) for each in values)


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"not a number: {value!r}")
    return float(value)


def _whole(value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError(f"not a whole number: {value!r}")
    return value


def _time(value: Any) -> float | None:
    return None if value is None else parse_time(_text(value))
