"""The values that belonged to one incident: what each is, and where it came from: the prompt, an output, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from leakdoc.playbook.records.event import RecordEvent, Sort
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.mentions import Mention, mentions
from leakdoc.playbook.records.placing import Placed, revisions_in
from leakdoc.playbook.records.prompting import prompt_of, prompted_paths, prompted_service
from leakdoc.playbook.records.slicing import DID_NOT_HOLD

PROMPT: Final = "prompt"
OUTPUT: Final = "output"
LITERAL: Final = "literal"

_IGNORED: Final = {"credentials", "host"}
_FIRST_SOUGHT: Final = {  # where a value of this name most likely came from
    "pod": ("symptom", "target"),
    "pid": ("target",),
    "stable_revision": ("revision",),
    "leak_file": ("code", "heap_report", "heap"),
    "git_sha": ("history",),
    "container": ("symptom", "target"),
    "task": ("target", "symptom"),
    "allocation": ("target", "symptom"),
    "image_tag": ("build",),
    "new_revision": ("build", "deploy"),
}
_TYPED: Final = {  # a short value counts as found only where an output says what it is
    "pid": r"(?im)(?:^\s*{v}\s*$|\bpid[\"'=:\s]+{v}\b|^\s*\S+\s+{v}\s|\bMainPID={v}\b|^\s*{v}\s+\S)",
    "stable_revision": r"(?im)(?:revision|version|release)\W{{0,14}}v?{v}\b|^\s*{v}\s|[\w./-]+[:/]{v}\b|"
    r"\b{v}\b.*(?:stable|deployed|current|running)",
    "db_port": r":{v}\b|\bport\W{{1,4}}{v}\b",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A value that a parameter takes the place of.

    Args:
        origin: `prompt`, `output` or `literal`.
        event: the event that it came out of; empty unless it is an output.
        slot: the step that this event belongs to.
    """

    name: str
    type: str
    value: str
    origin: str
    event: str = ""
    slot: str = ""


def entities_of(course: list[Placed]) -> list[Entity]:
    """Return the values of a record, each once, in the order in which they are first used."""
    prompt = prompt_of(course)
    found: dict[tuple[str, str], Entity] = {}
    known: set[str] = set()
    for mention in _chosen(_gathered(course), prompt):
        if (mention.name, mention.value) in found or (
            mention.value in known and mention.name not in DECLARED - _ALIASES
        ):
            continue
        if mention.name == "leak_file" and any(_is_end_of(each, mention.value) for each in known):
            continue  # the same file, seen from another folder
        found[mention.name, mention.value] = _with_origin(mention, course, prompt, found.values())
        known.add(mention.value)
    return _named_apart(found.values())


def _is_end_of(one: str, other: str) -> bool:
    """Whether one of two paths is how the other ends."""
    return "/" in one and "/" in other and (one.endswith(f"/{other}") or other.endswith(f"/{one}"))


def _gathered(course: list[Placed]) -> dict[Mention, int]:
    counts: dict[Mention, int] = {}
    prompt = prompt_of(course)
    for channel in re.findall(r"(?<![\w&/])#[a-z][\w-]{2,79}\b", prompt):
        counts[Mention("channel", "slack_channel", channel)] = 1
    for path in prompted_paths(prompt):
        counts[Mention("source", "path", path)] = 1
    for each in course:
        if each.dropped != DID_NOT_HOLD and each.reading.kind not in _IGNORED:
            for mention in mentions(each.reading) if each.reading.event.is_call else _planned(each):
                counts[mention] = counts.get(mention, 0) + 1
    if not any(mention.name in ("service", "container") for mention in counts):
        counts |= {Mention("service", "service", name): 1 for name in prompted_service(prompt)}
    edited = _edited(course)
    counts = {_leaking(mention, edited): count for mention, count in counts.items()}
    for revision in _revisions(course):
        counts.setdefault(Mention("stable_revision", "revision", revision), 1)
    for sha in _shas(course):
        counts.setdefault(Mention("git_sha", "revision", sha), 1)
    return counts


def _planned(each: Placed) -> Iterator[Mention]:
    """Yield the revisions that a plan or a request names."""
    if each.reading.kind in ("rollback_plan", "requested"):
        line = RecordEvent(id="", sort=Sort.COMMAND, command=each.reading.event.text)
        yield from (each for each in mentions(Reading(event=line)) if each.type == "revision")


def _edited(course: list[Placed]) -> set[str]:
    """Return the files that the change is in; without one, those that a history was asked of."""
    for slots in (("fix",), ("breaker", "tune")):
        changed = [each.reading for each in course if each.slot in slots and each.kept]
        if edited := {reading.event.path for reading in changed} - {""}:
            return edited
        by_command = [reading for reading in changed if reading.kind == "fix" and reading.event.is_call]
        if edited := {each.value for reading in by_command for each in mentions(reading) if each.name == "source_file"}:
            return edited
    histories = [each.reading for each in course if each.reading.kind == "history" and each.kept]
    asked = [each.value for reading in histories for each in mentions(reading) if each.name == "source_file"]
    return set(asked[-1:])


def _leaking(mention: Mention, edited: set[str]) -> Mention:
    if mention.name != "source_file":
        return mention
    leaks = any(path.endswith(mention.value) or mention.value.endswith(path) for path in edited)
    return mention._replace(name="leak_file" if leaks else "other_file")


def _revisions(course: list[Placed]) -> list[str]:
    """Return what a look at the running revision showed, and something later goes back to by name."""
    named = []
    for position, each in enumerate(course):
        if each.reading.kind == "revision":
            later = [
                after.reading for after in course[position + 1 :] if after.slot in ("baseline", "rollout", "roll_back")
            ]
            texts = "\n".join(reading.event.text + reading.line for reading in later)
            for revision in sorted(revisions_in(each.reading.event.output)):
                if re.search(rf"(?<![\w.:-]){re.escape(revision)}(?![\w-])", texts):
                    named.append(revision)
    return named


def _shas(course: list[Placed]) -> list[str]:
    """Return the commits that a history showed and that something later names."""
    shown: list[str] = []
    for position, each in enumerate(course):
        asks = each.reading.kind == "history" or re.search(r"\bgit (?:-C \S+ )?(log|blame|show)\b", each.reading.line)
        if asks and each.kept and each.reading.event.is_call:
            listed = re.findall(r"(?m)^\W*(?:commit )?([0-9a-f]{7,40})\b(?=.*[a-z ])", each.reading.event.output)
            for sha in listed:
                later = "\n".join(after.reading.event.text + after.reading.line for after in course[position + 1 :])
                if re.search(r"[a-f]", sha) and (len(listed) == 1 or re.search(rf"\b{sha[:7]}", later)):
                    shown.append(sha)
    return shown


def _chosen(counts: dict[Mention, int], prompt: str) -> list[Mention]:
    """Return one mention for each value: where two positions disagree, the more telling one."""
    services = {mention.value: count for mention, count in counts.items() if mention.name in ("service", "container")}
    asked = {mention.value for mention in counts if mention.name == "source"} & set(prompted_paths(prompt))
    main = max(services, key=lambda value: (services[value], -len(value), value), default="")
    kept = []
    for mention in counts:
        if mention.name == "container" and mention.value in {m.value for m in counts if m.name == "service"}:
            continue
        if mention.name == "service" and mention.value != main:
            mention = mention._replace(name="other_service")
        if mention.name == "container" and mention.value == main and not any(m.name == "service" for m in counts):
            mention = mention._replace(name="service", type="service")
        if mention.name == "source" and asked and mention.value not in asked:
            mention = mention._replace(name="other_path")
        if mention.name.startswith("staging_") and re.fullmatch(
            r"(?i)staging|stage|stg|uat|qa|dev|test|preprod|预发", mention.value
        ):
            mention = mention._replace(name="any_staging")
        kept.append(mention)
    return sorted(kept, key=lambda mention: _RANK.get(mention.name, len(_RANK)))


_ORDERED: Final = (
    "service",
    "namespace",
    "cluster",
    "context",
    "region",
    "log_group",
    "pod",
    "container",
    "task",
    "allocation",
    "host",
    "pid",
    "db_host",
    "db_port",
    "proxy_port",
    "db_name",
    "source",
    "leak_file",
    "git_sha",
    "stable_revision",
    "image_tag",
    "new_revision",
    "metrics_url",
    "address",
    "channel",
    "idle_seconds",
    "queue",
    "other_service",
    "staging_namespace",
    "staging_host",
    "staging_context",
    "staging_cluster",
    "staging_address",
)
_RANK: Final = {name: rank for rank, name in enumerate(_ORDERED)}
_ALIASES: Final = {
    "container",
    "other_service",
    "new_revision",
    "image_tag",
    "host",
    "git_sha",
}  # of a value known by another
DECLARED: Final = frozenset(_ORDERED)  # the others only become words in angle brackets


def _with_origin(mention: Mention, course: list[Placed], prompt: str, named: Iterable[Entity]) -> Entity:
    made = Entity(name=mention.name, type=mention.type, value=mention.value, origin=LITERAL)
    service = next((each.value for each in named if each.name == "service"), "")
    twin = mention.value == service and mention.name != "service"  # a database may be called as its service is
    if not twin and mention.type not in ("pid", "port") and _stands_in(mention, prompt):
        return Entity(name=mention.name, type=mention.type, value=mention.value, origin=PROMPT)
    showing = [
        each
        for each in course
        if each.reading.kind not in _IGNORED | {"config"} and _shows(mention, each.reading.event.output)
    ]
    used = _first_use(mention, course)
    shown = [each for each in showing if course.index(each) < used]
    if mention.type == "revision" and not shown:
        shown = showing[:1]
    sought = _FIRST_SOUGHT.get(mention.name, ())
    if mention.type == "revision" and mention.name != "git_sha":
        sought, shown = ("revision", *sought), shown + [each for each in showing if each.reading.kind == "revision"]
    preferred = [each for kind in sought for each in shown if each.reading.kind == kind]
    source = next(iter(preferred or shown), None)
    if source is None:
        return made
    return Entity(
        name=_of_revision(mention, source), type=mention.type, value=mention.value, origin=OUTPUT,
        event=source.reading.event.id, slot=source.slot,
    )  # fmt: skip


def _of_revision(mention: Mention, source: Placed) -> str:
    """A revision that was read before the rollout is the one that a rollback goes to."""
    reads = source.reading.kind in ("revision", "symptom", "target") and source.phase != "rolled"
    return (
        "stable_revision"
        if mention.type == "revision" and reads and mention.name in ("new_revision", "image_tag")
        else mention.name
    )


def _first_use(mention: Mention, course: list[Placed]) -> int:
    return next(
        (
            i
            for i, each in enumerate(course)
            if mention.value in each.reading.line or mention.value in each.reading.event.path
        ),
        len(course),
    )


def _stands_in(mention: Mention, text: str) -> bool:
    return bool(re.search(rf"(?<![\w/-]){re.escape(mention.value)}(?![\w-])", text))


def _shows(mention: Mention, output: str) -> bool:
    if not output or mention.value not in output:
        return False
    typed = _TYPED.get(mention.name) if len(mention.value) < 6 else None
    if typed is not None:
        return bool(re.search(typed.format(v=re.escape(mention.value)), output))
    return bool(re.search(rf"(?<![\w-]){re.escape(mention.value)}(?![\w-])", output))


def _named_apart(found: Iterable[Entity]) -> list[Entity]:
    """Give the second value of a name a number."""
    seen: dict[str, int] = {}
    named = []
    for each in found:
        seen[each.name] = seen.get(each.name, 0) + 1
        name = each.name if seen[each.name] == 1 else f"{each.name}_{seen[each.name]}"
        named.append(
            Entity(name=name, type=each.type, value=each.value, origin=each.origin, event=each.event, slot=each.slot)
        )
    return named
