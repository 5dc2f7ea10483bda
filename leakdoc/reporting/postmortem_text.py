"""A postmortem for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.model.postmortem import LifeStory, Postmortem
from leakdoc.redact import inert
from leakdoc.reporting.words import decision_word, subject_words
from leakdoc.units import format_duration, format_size, format_time

_CAUSES: Final = {"oom_killed": "OOM-killed", "evicted": "evicted", "unknown": "ended for a reason that is not known"}
_FATES: Final = {"oom_killed": "killed", "evicted": "evicted", "unknown": "ended then"}
_SHOWN: Final = 12
_LONGEST: Final = 200


def postmortem_lines(found: Postmortem) -> Iterator[str]:
    """Lay a postmortem out: why it ended, since when it leaks, every life, and what cannot be known."""
    seen = found.death.cause != "unknown" or any(life.killed for life in found.lives)
    death = f"{_CAUSES[found.death.cause]} ({found.death.basis})" if seen else "no process is seen to end"
    yield f"{subject_words(found.subject)} at {format_time(found.at)}: {death}"
    yield f"Why: {inert(found.death.reason, longest=_LONGEST)}"
    since = "Not told since which build" if found.since is None else f"Leaks since {inert(found.since)}"
    yield f"{since}: {inert(found.since_reason, longest=_LONGEST)}"
    yield f"Load: {inert(found.load, longest=_LONGEST)}"
    lives = found.lives[-_SHOWN:]
    if len(lives) < len(found.lives):
        yield f"{len(found.lives)} lives, the last {len(lives)} of them:"
    yield from (_life(each, _FATES[found.death.cause]) for each in lives)
    yield from (f"Cannot be known: {inert(each, longest=300)}" for each in found.cannot_be_known)


def _life(life: LifeStory, fate_then: str) -> str:
    build = "" if life.version is None else f"  {inert(life.version)}"
    fate = fate_then if life.killed else "running" if life.running else "ended"
    peak = "" if life.peak is None else f"  peak {format_size(life.peak)}"
    lasted = format_duration(max(life.last - (life.started_at or life.first), 0.0))
    head = f"  {format_time(life.first)}{build}  {fate} after {lasted}{peak}"
    return f"{head}  {decision_word(life.decision)}: {inert(life.reason, longest=_LONGEST)}"
