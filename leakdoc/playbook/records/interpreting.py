"""Each event by itself: what kind of thing it is, by which rule, and where it was done."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from leakdoc.playbook.records.event import RecordEvent, Sort
from leakdoc.playbook.records.rulebook import Rule, Rulebook
from leakdoc.playbook.records.shell.changing import changes_something
from leakdoc.playbook.records.shell.commands import Simple
from leakdoc.playbook.records.shell.editing import file_edits, only_notes
from leakdoc.playbook.records.shell.remembering import Memory
from leakdoc.playbook.records.staging import SAYS_STAGING, names_one, staging_places

STAGING: Final = "staging"
PRODUCTION: Final = "production"
LOCAL: Final = "local"
LOOKED_AT: Final = {
    "symptom", "target", "memory", "growth", "client_connections", "server_connections", "pool", "proxy_pool", "holder",
    "upstream", "errors", "threads", "traffic", "network", "limits", "locks", "gc", "heap_report", "code", "history",
    "revision", "config", "host",
}  # fmt: skip

# Of a line that does several things, the first of these is what it is for.
_WEIGHT: Final = [
    "rollback",
    "deploy",
    "breaker",
    "tune",
    "mitigate",
    "restart",
    "monitoring",
    "fix",
    "load",
    "heap",
    "heap_report",
    "test",
    "summary",
    "growth",
    "pool",
    "proxy_pool",
    "holder",
    "server_connections",
    "client_connections",
    "memory",
    "threads",
    "errors",
    "build",
    "revision",
    "locks",
    "upstream",
    "traffic",
    "network",
    "limits",
    "gc",
    "symptom",
    "target",
    "code",
    "history",
    "credentials",
    "config",
    "host",
    "wait",
    "quiet",
]
_STAGING_PLACES: Final = re.compile(
    r"(?i)(?:(?:-n|--namespace|--context|-e|--env|--environment|--?chdir|--stage|-l|--limit|-i|--cluster|-a|--app)[ =]|"
    r"\bENV=|\bSTAGE=)(?:\S*[-_.])?"
    r"(?:dev|test|testing|development|tst|stg|int|abn|hml|rec|acc|beta|pre|nonprod|stage|staging)\b|\b(?:dev|test)\d*[-.][\w-]+\.[\w.]+"
)
_LOCAL: Final = re.compile(r"(?i)\b(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|host\.docker\.internal)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one event was taken for.

    Args:
        kind: of a call, the name of a kind; of a statement, of the statement; empty when nothing fits.
        rule: which rule said so.
        also: of a statement, the other kinds that fit.
        simples: the commands of a call, where they really run.
        place: staging, local or production; empty when it does not say.
    """

    event: RecordEvent
    kind: str = ""
    rule: str = ""
    also: tuple[str, ...] = ()
    simples: tuple[Simple, ...] = ()
    place: str = ""

    @property
    def line(self) -> str:
        """The command as it was written."""
        return self.event.command or " ".join(self.event.argv)


def readings(events: Iterable[RecordEvent], rulebook: Rulebook) -> list[Reading]:
    """Return a reading of each event."""
    events = list(events)
    staging = staging_places(events)
    memory = Memory()
    return [in_its_place(_READERS[event.sort](event, rulebook, memory), staging) for event in events]


def in_its_place(reading: Reading, staging: frozenset[str]) -> Reading:
    """Return a call that names one of these places as one in staging."""
    if reading.event.is_call and staging and names_one(reading.line, staging):
        return replace(reading, place=STAGING)
    return reading


def statement_kinds(event: RecordEvent, rulebook: Rulebook) -> list[Rule]:
    """Return the rules that fit what was said, the first first."""
    return [rule for rule in rulebook.statements if rule.fits_statement(event, event.text)]


def _statement(event: RecordEvent, rulebook: Rulebook, _memory: Memory) -> Reading:
    rules = statement_kinds(event, rulebook)
    kinds = [rule.kind for rule in rules]
    return Reading(
        event=event, kind=kinds[0] if kinds else "", rule=rules[0].name if rules else "", also=tuple(kinds[1:])
    )


def _edit(event: RecordEvent, rulebook: Rulebook, memory: Memory) -> Reading:
    memory.learn_edit(event)
    if _ASIDE.search(event.path):
        return Reading(event=event, kind="quiet", rule="leakdoc: a file of one's own, aside")
    rule = next((rule for rule in rulebook.edits if rule.fits_edit(event)), None)
    if rule is not None and rule.kind == "fix" and _sets_numbers(event):
        return Reading(
            event=event, kind="tune", rule="leakdoc: only numbers of settings differ", place=_place(event.path)
        )
    return Reading(
        event=event, kind=rule.kind if rule else "", rule=rule.name if rule else "", place=_place(event.path)
    )


_ASIDE: Final = re.compile(r"^(/private)?/(var/)?tmp/|^/dev/shm/|^~?/?(\w+/)*(scratch|incident-?\w*|notes)/")


def _sets_numbers(event: RecordEvent) -> bool:
    """Whether an edit of a file of settings changes nothing but numbers."""
    before, after = (re.sub(r"\d[\d.]*", "9", text) for text in (event.before, event.after))
    same = bool(before) and before == after and event.before != event.after
    return same and bool(_SETTINGS.search(event.path)) and not _REVISION.search(event.after)


_REVISION: Final = re.compile(r"(?im)^\W*(image|tag|\w*newTag|\w*version|revision|release|digest)\W*[:=]")
_SETTINGS: Final = re.compile(r"(?i)\.(xml|ya?ml|toml|ini|conf|cfg|cnf|properties|json|env|hcl|tfvars)$")


def _command(event: RecordEvent, rulebook: Rulebook, memory: Memory) -> Reading:
    simples = memory.simples(event)
    found = [
        (rulebook_kind.kind, rulebook_kind.name)
        for position, simple in enumerate(simples)
        if (rulebook_kind := _rule(simple, _piped(simples, position), rulebook)) is not None
    ]
    kind, rule = min(found, key=lambda each: _weight(each[0]), default=("", ""))
    if kind == "quiet" and any(not each.piped and _rule(each, each.text, rulebook) is None for each in simples):
        kind, rule = "", ""  # what only filters says nothing of what it filters
    return Reading(event=event, kind=kind, rule=rule, simples=simples, place=_place_of_call(event, kind, simples))


def _weight(kind: str) -> int:
    return _WEIGHT.index(kind) if kind in _WEIGHT else 0  # a company's own kind is what a line is for


def _rule(simple: Simple, text: str, rulebook: Rulebook) -> Rule | None:
    """Return the first rule that fits; a rule of looks never fits a command whose verb changes something."""
    for path, added in file_edits(simple):
        edit = RecordEvent(id="", sort=Sort.EDIT, path=path, after=added)
        if (found := next((rule for rule in rulebook.edits if rule.fits_edit(edit)), None)) is not None:
            return found
    if only_notes(simple):
        simple, text = replace(simple, fed=""), text.replace(simple.fed.strip(), "")
    changes = changes_something(simple.argv)
    return next(
        (
            rule
            for rule in rulebook.commands
            if not (changes and rule.kind in LOOKED_AT) and rule.fits_command(simple, text)
        ),
        None,
    )


def _piped(simples: tuple[Simple, ...], position: int) -> str:
    """Return a command's text with the filters behind it: what is asked of an output says what it was for."""
    parts = [simples[position].text]
    for simple in simples[position + 1 :]:
        if not simple.piped:
            break
        parts.append(simple.text)
    return " | ".join(parts)


def _step(event: RecordEvent, _rulebook: Rulebook, _memory: Memory) -> Reading:
    return Reading(event=event, kind=f"step:{event.step}", rule="leakdoc: its own journal names the step")


def _place_of_call(event: RecordEvent, kind: str, simples: tuple[Simple, ...]) -> str:
    line = event.command or " ".join(event.argv)
    place = _place(re.sub(r"<<-?\s*['\"]?(\w+)['\"]?\n.*?\n\1", "", line, flags=re.DOTALL))
    if place == LOCAL and any(transport.by in _ELSEWHERE for each in simples for transport in each.via):
        place = PRODUCTION if _SAYS_PRODUCTION.search(line) else ""  # it is local to where it was carried
    if (
        not place
        and kind in ("deploy", "load", "restart", "tune", "breaker", "rollback")
        and SAYS_STAGING.search(event.said)
    ):
        return "" if re.search(r"(?i)\bprod(uction)?\b|生产|线上", line) else STAGING
    return place


_ELSEWHERE: Final = {"ssh", "kubectl", "ecs", "ssm", "nomad", "ansible", "fly"}
_SAYS_PRODUCTION: Final = re.compile(r"(?i)(?<![a-z])prod(uction)?(?![a-z])|生产|线上")


def _place(text: str) -> str:
    text = _PROGRAM.sub(" ", text)
    if SAYS_STAGING.search(text) or _STAGING_PLACES.search(text):
        return STAGING
    if _LOCAL.search(text):
        return LOCAL
    return PRODUCTION if _SAYS_PRODUCTION.search(text) else ""


_PROGRAM: Final = re.compile(r"(?<!\S)/(?:var|usr|opt)/\S*/bin/\S+")  # a folder of programs names no place
_READERS: Final = {Sort.STATEMENT: _statement, Sort.EDIT: _edit, Sort.COMMAND: _command, Sort.STEP: _step}
