"""What the commands do: records in, playbooks out, as data; reading files and finding steps belongs here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import UsageError
from leakdoc.playbook.library import find
from leakdoc.playbook.loading import checked, examine
from leakdoc.playbook.records.building import built
from leakdoc.playbook.records.event import Sort
from leakdoc.playbook.records.extracting import Incident, read_incident
from leakdoc.playbook.records.improving import Edit, improved
from leakdoc.playbook.records.merging import merged
from leakdoc.playbook.records.rulebook import Rulebook, own_rules, with_company_rules
from leakdoc.playbook.registry import installed
from leakdoc.redact import inert

Data = dict[str, Any]


def rules_of(path: Path | None) -> Rulebook:
    """Return our rules, with a company's in front of them where there are any."""
    return own_rules() if path is None else with_company_rules(path)


def incidents_of(
    records: Iterable[Path], *, format: str = "auto", annotations: Sequence[Path] = (), rulebook: Rulebook
) -> list[Incident]:
    """Read records, in an order of their own.

    Raises:
        UsageError: two of them are one, or annotations are given for more than one.
    """
    paths = sorted(records, key=lambda path: (path.name, str(path)))
    if len(paths) > 1 and annotations:
        raise UsageError("annotations belong to one record", help="Extract one record at a time, then merge.")
    read = [read_incident(path, format=format, annotations=annotations, rulebook=rulebook) for path in paths]
    _refuse_one_twice(read, paths)
    return [_told_apart(each, path, read) for each, path in zip(read, paths, strict=True)]


def _refuse_one_twice(incidents: Sequence[Incident], paths: Sequence[Path]) -> None:
    """One incident that counts twice would support each step twice."""
    for (one, first), (other, second) in combinations(zip(incidents, paths, strict=True), 2):
        if one.record.events == other.record.events or (_done(one) and _done(one) == _done(other)):
            told = "is given twice" if first == second else f"holds the same incident as {inert(str(first))}"
            raise UsageError(f"{inert(str(second))} {told}", help="Give each record once: support counts incidents.")


def _done(incident: Incident) -> list[tuple[str, ...]]:
    """Return the commands and edits of a record, which are the same in every layout of it; nothing of a few."""
    calls = [each for each in incident.record.events if each.sort in (Sort.COMMAND, Sort.EDIT)]
    done: list[tuple[str, ...]] = [
        (each.command or " ".join(each.argv), each.path, each.before, each.after) for each in calls
    ]
    return done if len(done) >= _TELLING else []


_TELLING: Final = 5  # calls: fewer of them may be the same in two incidents


def _told_apart(incident: Incident, path: Path, all_of_them: Sequence[Incident]) -> Incident:
    """Return an incident under a name of its own: its folder tells it from others whose files have one name."""
    if sum(each.name == incident.name for each in all_of_them) < 2:
        return incident
    return replace(incident, name=f"{path.absolute().parent.name}-{incident.name}")


def extracted(incidents: Iterable[Incident], rulebook: Rulebook) -> Data:
    """Return the playbook that incidents of one class grow into.

    Raises:
        UsageError: they do not merge.
    """
    registry = installed()
    return merged([built(incident, rulebook, registry) for incident in incidents], registry)


def data_of(name: str) -> Data:
    """Return a playbook that is sound, as data.

    Raises:
        UsageError, UnreadableSource, PlaybookInvalid: there is none of that name, or it is not sound.
    """
    examined = examine(find(name))
    checked(examined)
    data: Data = examined.read.data
    return data


def merged_files(names: Sequence[str]) -> Data:
    """Merge playbooks by their names or files."""
    if len(names) < 2:
        raise UsageError("one playbook alone has nothing to merge with", help="Give two or more.")
    return merged([data_of(name) for name in names], installed())


def improved_file(
    name: str, record: Path, against: Sequence[Path], *, format: str, rulebook: Rulebook
) -> tuple[Data, Data, list[Edit]]:
    """Return a playbook as it was, as it is with what a record teaches, and the edits between."""
    data = data_of(name)
    learned = built(read_incident(record, format=format, rulebook=rulebook), rulebook, installed())
    earlier = incidents_of(against, rulebook=rulebook)
    better, edits = improved(data, learned, earlier, installed())
    return data, better, edits


def not_understood(incidents: Iterable[Incident]) -> list[str]:
    """Return what was not understood of each record, a line for each reason."""
    lines = []
    for incident in incidents:
        lines += [f"{incident.name}: left out {line}" for line in incident.record.understanding.lines()]
        unknown = [each for each in incident.course if each.reading.event.is_call and not each.reading.kind]
        if unknown:
            first = inert(unknown[0].reading.event.id)
            lines.append(f"{incident.name}: no rule fits {len(unknown)} of its calls (first at {first})")
    return lines
