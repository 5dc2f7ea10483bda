"""A postmortem in the shape of Google's SRE book (appendix D), filled from an incident's journal and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from leakdoc.model.incident import Incident, TakenStep
from leakdoc.units import format_duration, format_time

DETECTING: Final = (
    "sample_memory",
    "detect_growth",
    "find_unclosed_connections",
    "find_exhausted_pool",
    "isolate_upstream",
)
FIXING: Final = ("apply_fix", "tune_pool", "apply_circuit_breaker", "roll_out", "roll_back")
PROVING: Final = ("validate_in_staging", "verify_normalized", "verify_recovered")
UNKNOWN: Final = "Not recorded: a person has to write this."
TIMELINE_HEADERS: Final = ("Time (UTC)", "What happened", "Who")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One section: paragraphs, list items, or rows of a table under headers."""

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def title_of(incident: Incident) -> str:
    """Return the postmortem's title."""
    return f"{incident.service}: {(incident.incident_class or 'incident').replace('_', ' ')}"


def status_of(incident: Incident) -> str:
    """Return how the run stands, in words."""
    return "not ended" if incident.outcome is None else str(incident.outcome).replace("_", " ")


def parts_of(incident: Incident) -> Iterator[Part]:
    """Yield the sections, in the book's order."""
    yield _summary(incident)
    yield Part(title="Impact", items=_reasons(incident.used(*DETECTING)), paragraphs=_unless(incident.used(*DETECTING)))
    causes = tuple(_causes(incident))
    yield Part(title="Root causes", items=causes, paragraphs=_unless(causes))
    trigger = incident.params.get("started_at")
    told = f"It began at {trigger}, as whoever started the run was told." if trigger else UNKNOWN
    yield Part(title="Trigger", paragraphs=(told,))
    resolution = (*_reasons(incident.used(*FIXING)), *_reasons(incident.used(*PROVING)), *_rollbacks(incident))
    yield Part(title="Resolution", items=resolution, paragraphs=_unless(resolution))
    yield Part(title="Detection", paragraphs=(_detection(incident),))
    yield _action_items(incident)
    notes = tuple(each.text for each in incident.timeline if each.text.startswith(("note: ", "choice")))
    yield Part(title="Lessons learned", items=notes, paragraphs=_unless(notes))
    yield Part(
        title="Timeline",
        headers=TIMELINE_HEADERS,
        rows=tuple((format_time(each.at), each.text, each.actor or "") for each in incident.timeline),
    )
    told = f"The journal's last line has the hash {incident.head}; whoever noted it can show that nothing was cut off."
    yield Part(title="Evidence", paragraphs=(told,))


def _summary(incident: Incident) -> Part:
    took = "" if incident.ended_at is None else f", for {format_duration(incident.ended_at - incident.began_at)}"
    return Part(
        title="Summary",
        paragraphs=(
            f"Status: {status_of(incident)}. {incident.reason}",
            f"Playbook {incident.playbook or 'none'}, run {incident.run}, from {format_time(incident.began_at)}{took}.",
        ),
    )


def _reasons(steps: Sequence[TakenStep]) -> tuple[str, ...]:
    return tuple(f"{each.id} ({each.outcome or 'unknown'}): {each.reason}" for each in steps)


def _unless(found: Sequence[object]) -> tuple[str, ...]:
    return () if found else (UNKNOWN,)


def _causes(incident: Incident) -> Iterator[str]:
    for name in ("places", "openers", "upstream", "chain"):
        found: Any = incident.output(name, "locate_code", *DETECTING)
        if isinstance(found, list):
            yield from (_place(each) for each in found[:10])
        elif found:
            yield str(found)


def _place(place: Any) -> str:
    if not isinstance(place, dict):
        return str(place)
    return ", ".join(f"{name} {value}" for name, value in place.items() if isinstance(value, str | int | float))


def _rollbacks(incident: Incident) -> Iterator[str]:
    return (f"{each.id} was rolled back: {each.reason}" for each in incident.steps if each.outcome == "rolled_back")


def _detection(incident: Incident) -> str:
    first = next(iter(incident.used(*DETECTING)), None)
    if first is None or first.ended_at is None:
        return UNKNOWN
    return f"{first.id} decided {format_duration(first.ended_at - incident.began_at)} after the run began."


def _action_items(incident: Incident) -> Part:
    rows = []
    for each in incident.steps:
        if each.outcome in ("error", "failed", None) or (each.outcome == "inconclusive"):
            rows.append((f"look at {each.id}: {each.reason}", "mitigate", "open"))
        elif each.uses.endswith(("add_monitoring", "write_regression_test")):
            rows.append((f"{each.id}: {each.reason}", "prevent", "done"))
    headers = ("Action item", "Type", "Status")
    return Part(title="Action items", headers=headers, rows=tuple(rows), paragraphs=_unless(rows))
