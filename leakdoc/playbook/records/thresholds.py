"""Thresholds that a record states: what counts as a leak, and when to go back."""

from __future__ import annotations

import re
from typing import Final

from leakdoc.playbook.records.extracting import Incident

_UNITS: Final = {"b": 1, "kib": 2**10, "kb": 1000, "mib": 2**20, "mb": 1e6, "gib": 2**30, "gb": 1e9}
_SECONDS: Final = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600}
_SLOPE: Final = re.compile(
    r"(?i)(?:slope|growth|rate|leak|增长|斜率)\D{0,20}?[>≥]=?\s*(?P<number>\d+(?:\.\d+)?)\s*"
    r"(?P<unit>[kmg]i?b|b)\s*(?:/|per )\s*(?P<per>[a-z]+)"
)
_GOES_BACK: Final = re.compile(
    r"(?i)(?:\btrigger\b|\bif\b|\bwhen\b|若|如果)[:：]?\s*(?P<when>(?:[^.;。；]|\.(?=\d))*[<>≥≤%](?:[^.;。；]|\.(?=\d))*)"
)


def smallest_growth(incident: Incident) -> str | None:
    """Return the growth above which the record speaks of a leak, as `180MiB/h`; the strictest of several."""
    found = [
        float(match["number"]) * _UNITS[match["unit"].lower()] / _SECONDS[match["per"].lower()]
        for each in incident.course
        if not each.reading.event.is_call and each.kept and each.phase == "before"
        for match in _SLOPE.finditer(each.reading.event.text)
        if match["per"].lower() in _SECONDS
    ]
    if not found or min(found) <= 0:
        return None
    return f"{min(found) * 3600 / 2**20:.6g}MiB/h"


def goes_back_when(incident: Incident) -> list[str]:
    """Return the conditions under which the record plans to roll back, in its own words."""
    return [
        match["when"].strip()
        for each in incident.course
        if each.slot == "baseline" and not each.reading.event.is_call
        for match in _GOES_BACK.finditer(each.reading.event.text)
    ]
