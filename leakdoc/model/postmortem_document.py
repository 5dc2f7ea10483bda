"""A postmortem as ``leakdoc.postmortem/1``."""

from __future__ import annotations

from typing import Final

from leakdoc.model.documents import Document, interval_document, number, subject_document
from leakdoc.model.postmortem import LifeStory, Postmortem
from leakdoc.units import format_time

POSTMORTEM: Final = "leakdoc.postmortem/1"


def postmortem_document(found: Postmortem) -> Document:
    """Lay a postmortem out."""
    return {
        "schema": POSTMORTEM,
        "subject": subject_document(found.subject),
        "at": format_time(found.at),
        "metric": found.metric,
        "limit_bytes": number(found.limit),
        "death": {"cause": found.death.cause, "basis": str(found.death.basis), "reason": found.death.reason},
        "since": found.since,
        "since_reason": found.since_reason,
        "load": found.load,
        "lives": [_life(each) for each in found.lives],
        "cannot_be_known": list(found.cannot_be_known),
    }


def _life(life: LifeStory) -> Document:
    return {
        "version": life.version,
        "started_at": None if life.started_at is None else format_time(life.started_at),
        "from": format_time(life.first),
        "to": format_time(life.last),
        "samples": life.samples,
        "decision": str(life.decision),
        "reason": life.reason,
        "slope_per_hour": interval_document(life.slope_per_hour),
        "peak_bytes": number(life.peak),
        "at_end_bytes": number(life.at_end),
        "running": life.running,
        "killed": life.killed,
    }
