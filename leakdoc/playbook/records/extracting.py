"""One record understood: its class, its course, its values, and what was ruled out on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from leakdoc.errors import DamagedSource, UsageError
from leakdoc.playbook.records.annotating.merging import annotated
from leakdoc.playbook.records.answering import with_answers, with_plans, with_rollback_points
from leakdoc.playbook.records.applying import with_settings_applied
from leakdoc.playbook.records.captured import with_reports
from leakdoc.playbook.records.declared import DECLARED
from leakdoc.playbook.records.entities import entities_of
from leakdoc.playbook.records.event import RecordEvent
from leakdoc.playbook.records.hearing import placed
from leakdoc.playbook.records.incident_class import class_of
from leakdoc.playbook.records.interpreting import in_its_place, readings, statement_kinds
from leakdoc.playbook.records.origins import Entity
from leakdoc.playbook.records.placing import Placed
from leakdoc.playbook.records.reading import Record, read_record
from leakdoc.playbook.records.rehearsing import rehearsal_places, with_rehearsals
from leakdoc.playbook.records.reversing import with_reversals
from leakdoc.playbook.records.rulebook import Rulebook, own_rules
from leakdoc.playbook.records.slicing import sliced
from leakdoc.playbook.records.standing import (
    with_measures,
    with_pushes,
    with_unknown_looks,
    with_unknown_tools,
    with_what_is_changed,
)
from leakdoc.playbook.records.unmapped import with_unmapped

# What one event is may show only in the others, in this order.
_IN_THE_COURSE: Final = (
    with_reports,
    with_settings_applied,
    with_reversals,
    with_pushes,
    with_unknown_tools,
    with_measures,
    with_what_is_changed,
    with_answers,
    with_plans,
    with_rollback_points,
    with_unknown_looks,
)
_TELLING: Final = {"approved", "denied", "requested", "decided", "rollback_plan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as its record tells it.

    Args:
        name: of the record.
        incident_class: one of the rulebook's.
        course: every event with its step, or why it has none.
        entities: the values that belonged to it.
    """

    name: str
    incident_class: str
    course: tuple[Placed, ...]
    entities: tuple[Entity, ...]
    record: Record

    @property
    def declared(self) -> list[Entity]:
        """The values that become parameters."""
        return [each for each in self.entities if each.name.rstrip("_0123456789") in DECLARED or each.name in DECLARED]


def read_incident(
    path: Path, *, format: str = "auto", annotations: Iterable[Path] = (), rulebook: Rulebook | None = None
) -> Incident:
    """Read and understand one record.

    Raises:
        UnreadableSource: it is missing, empty or of no known format.
        DamagedSource: no incident is in it.
        UsageError: it holds sessions of incidents of different classes.
    """
    rules = rulebook or own_rules()
    record = annotated(read_record(path, format=format), annotations, telling=_telling(rules))
    return understood(_one_incident(record, rules), rules)


def understood(record: Record, rulebook: Rulebook) -> Incident:
    """Return the incident that a record tells of.

    Raises:
        DamagedSource: nothing in it is of an incident.
    """
    read = readings(record.events, rulebook)
    for told_by_the_others in _IN_THE_COURSE:
        read = told_by_the_others(read)
    rehearsed = rehearsal_places(read)
    read = with_rehearsals([in_its_place(each, rehearsed) for each in read])
    incident_class, _ = class_of(read, rulebook)
    course = with_unmapped(sliced(placed(read, incident_class, rulebook), rulebook, incident_class))
    if not incident_class or not any(each.kept and each.reading.event.is_call for each in course):
        raise DamagedSource(
            f"no incident in {record.name}: nothing was looked at or changed that a step is known for",
            help="Does the record hold commands? `--explain` shows what each event was taken for.",
        )
    return Incident(
        name=record.name,
        incident_class=incident_class,
        course=tuple(course),
        entities=tuple(entities_of(course)),
        record=record,
    )


def _telling(rulebook: Rulebook):  # type: ignore[no-untyped-def]
    def telling(event: RecordEvent) -> bool:
        return any(rule.kind in _TELLING for rule in statement_kinds(event, rulebook)[:1])

    return telling


def _one_incident(record: Record, rulebook: Rulebook) -> Record:
    """Return the record with the sessions that belong to one incident; those of none are noted and left out."""
    sessions = list(dict.fromkeys(event.session for event in record.events))
    if len(sessions) < 2:
        return record
    classes = {session: _class_of_session(record, session, rulebook) for session in sessions}
    known = sorted({each for each in classes.values() if each})
    if len(known) > 1:
        told = ", ".join(
            f"{session or 'without a name'} is {classes[session]}" for session in sessions if classes[session]
        )
        raise UsageError(
            f"{record.name} holds sessions of different classes of incidents: {told}",
            help="Give each session a file of its own; different classes do not merge.",
        )
    kept = [session for session in sessions if classes[session]]
    for session in sessions:
        if session not in kept:
            record.understanding.skip("a session that is of no incident", session)
    events = sorted(_timed(record, set(kept)), key=lambda pair: pair[0])
    return replace(record, events=tuple(event for _, event in events))


def _class_of_session(record: Record, session: str, rulebook: Rulebook) -> str:
    read = readings((event for event in record.events if event.session == session), rulebook)
    name, weights = class_of(read, rulebook)
    observed = any(rulebook.kinds[each.kind].step(name) for each in read if each.kind in rulebook.kinds and name)
    return name if name and weights[name] >= 3 and observed else ""


def _timed(record: Record, sessions: set[str]) -> Iterator[tuple[float, RecordEvent]]:
    last = float("-inf")
    for event in record.events:
        if event.session in sessions:
            last = event.at if event.at is not None else last
            yield last, event
