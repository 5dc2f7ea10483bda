"""A heap report as ``leakdoc.heap/1``."""

from __future__ import annotations

from typing import Final

from leakdoc.model.documents import Document, number, subject_document
from leakdoc.model.heap import HeapReport, Holder, LineGrowth

HEAP: Final = "leakdoc.heap/1"


def heap_document(report: HeapReport) -> Document:
    """Lay a heap report out."""
    return {
        "schema": HEAP,
        "subject": subject_document(report.subject),
        "kind_of_memory": str(report.kind_of_memory),
        "reason": report.reason,
        "explained": number(report.explained),
        "growth_per_s": {name: number(value) for name, value in sorted(report.growth.items())},
        "lines": [_line(line, report.requests_per_s) for line in report.lines],
        "set_aside": [_line(line, report.requests_per_s) for line in report.set_aside],
        "holders": [_holder(holder) for holder in report.holders],
        "rungs": [
            {"name": rung.name, "used": rung.used, "reason": rung.reason, "cost": rung.cost} for rung in report.rungs
        ],
        "advice": list(report.advice),
        "touched": report.touched,
        "window_s": report.window_s,
        "kept": report.kept,
        "requests_per_s": number(report.requests_per_s),
    }


def _line(line: LineGrowth, requests_per_s: float | None) -> Document:
    return {
        "file": line.file,
        "line": line.line,
        "function": line.function,
        "grew_bytes": number(line.grew_bytes),
        "grew_count": number(line.grew_count),
        "bytes_per_s": number(line.bytes_per_s),
        "bytes_per_request": None if not requests_per_s else number(line.bytes_per_s / requests_per_s),
        "held_by": line.held_by,
        "why": line.why,
    }


def _holder(holder: Holder) -> Document:
    return {
        "path": [{"name": hop.name, "status": str(hop.status), "reason": hop.reason} for hop in holder.path],
        "type": holder.type,
        "count": holder.count,
        "grew": holder.grew,
        "grew_bytes": number(holder.grew_bytes),
        "item": holder.item,
    }
