"""A heap report for a person at a terminal: the verdict, the lines, what keeps them, what was done, what next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.model.heap import HeapReport, Holder, LineGrowth
from leakdoc.reporting.foreign import shown
from leakdoc.reporting.words import subject_words
from leakdoc.units import format_amount

_LINES: Final = 8
_HOLDERS: Final = 4


def heap_lines(report: HeapReport) -> Iterator[str]:
    """Yield the report line by line."""
    yield f"{str(report.kind_of_memory).upper()}  {subject_words(report.subject)}  {shown(report.reason)}"
    yield from _growth(report)
    yield from _ranked(report)
    yield from _held(report)
    yield from _aside(report)
    for text in report.advice:
        yield f"Advice: {shown(text)}"
    for rung in report.rungs:
        yield f"{'Used' if rung.used else 'Not used'}: {rung.name} ({shown(rung.reason)})"
    yield f"Touched: {shown(report.touched)}"


def _growth(report: HeapReport) -> Iterator[str]:
    rss, heap = report.growth.get("rss_bytes"), report.growth.get("heap_bytes")
    if rss is None:
        return
    words = f"Resident memory {_rate(rss)}"
    if heap is not None:
        words += f", heap in use {_rate(heap)}"
    if report.requests_per_s is not None:
        words += f", {report.requests_per_s:.3g} requests a second"
    yield f"{words}, over {report.window_s:.0f} s"


def _ranked(report: HeapReport) -> Iterator[str]:
    if report.lines:
        yield "Lines that made what stayed, the likeliest first:"
    for place, line in enumerate(report.lines[:_LINES], start=1):
        per_request = ""
        if report.requests_per_s:
            per_request = f", {format_amount(line.bytes_per_s / report.requests_per_s, 'bytes')} a request"
        yield f"  {place}. {_place(line)}  {_rate(line.bytes_per_s)}{per_request}"
        yield f"     {shown(line.why)}"
    if report.lines and report.explained is not None and report.explained < 0.5:
        yield f"  These explain only {report.explained:.0%} of the growth: something else grows too."


def _held(report: HeapReport) -> Iterator[str]:
    if report.holders:
        yield "What keeps it:"
    for holder in report.holders[:_HOLDERS]:
        yield f"  {_holder(holder)}"
        for hop in holder.path:
            yield f"    {hop.status!s:<11} {shown(hop.name)}: {shown(hop.reason)}"


def _aside(report: HeapReport) -> Iterator[str]:
    if report.set_aside:
        places = ", ".join(_place(line) for line in report.set_aside[:3])
        yield f"Set aside, as they turn over: {places}"


def _holder(holder: Holder) -> str:
    size = "" if holder.grew_bytes is None else f", about {format_amount(holder.grew_bytes, 'bytes')}"
    what = "objects" if holder.item is None else f"items, the newest a {shown(holder.item)}"
    nowhere = "" if holder.path else "; no root leads to them: a reference cycle, or held by native code"
    return f"{shown(holder.type)}: {holder.count:,} {what}, {holder.grew:+,}{size}{nowhere}"


def _place(line: LineGrowth) -> str:
    where = f"{shown(line.file)}:{line.line}"
    return where if line.function is None else f"{where} in {shown(line.function)}"


def _rate(bytes_per_s: float) -> str:
    sign = "-" if bytes_per_s < 0 else "+"
    return f"{sign}{format_amount(abs(bytes_per_s), 'bytes')}/s"
