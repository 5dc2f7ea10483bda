"""The values that belonged to one incident: what each is, and where it came from: the prompt, an output, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from leakdoc.playbook.records.coined import coined
from leakdoc.playbook.records.declared import ALIASES, DECLARED, RANK
from leakdoc.playbook.records.event import RecordEvent, Sort
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.mentions import SOURCE_FILE, Mention, mentions
from leakdoc.playbook.records.only_shown import cited_files, only_shown
from leakdoc.playbook.records.origins import IGNORED, LITERAL, PROMPT, Entity, with_origin
from leakdoc.playbook.records.people import people_of
from leakdoc.playbook.records.placing import Placed
from leakdoc.playbook.records.prompting import (
    paths_gone_to,
    prompt_of,
    prompted_paths,
    prompted_service,
    prompted_values,
)
from leakdoc.playbook.records.setbacks import DID_NOT_HOLD
from leakdoc.playbook.records.twins import without_parts


def entities_of(course: list[Placed]) -> list[Entity]:
    """Return the values of a record, each once, in the order in which they are first used."""
    prompt = prompt_of(course)
    found: dict[tuple[str, str], Entity] = {}
    known: set[str] = set()
    for mention in without_parts(_chosen(_gathered(course), prompt), course):
        if (mention.name, mention.value) in found or (
            mention.value in known and mention.name not in DECLARED - ALIASES
        ):
            continue
        if mention.name == "leak_file" and any(_is_end_of(each, mention.value) for each in known):
            continue  # the same file, seen from another folder
        found[mention.name, mention.value] = with_origin(mention, course, prompt, found.values())
        known.add(mention.value)
    people = [Entity(name="person", type="text", value=name, origin=PROMPT) for name in _people(course, known)]
    apart = [*_named_apart(found.values()), *people, *_only_told_apart(course, found.values())]
    return [*apart, *coined(course, apart)]


def _only_told_apart(course: list[Placed], found: Iterable[Entity]) -> Iterator[Entity]:
    """Yield what is nobody's parameter and still belonged to the incident: tickets, accounts, a pod's end."""
    texts = "\n".join(f"{each.reading.event.text}\n{each.reading.line}" for each in course)
    for name, pattern in _TOLD_APART:
        for value in dict.fromkeys(match["v"] for match in pattern.finditer(texts)):
            yield Entity(name=name, type="text", value=value, origin=LITERAL)
    for each in found:
        end = each.value.rpartition("-")[2]
        if each.name == "pod" and len(end) > 4 and _is_word_of(end, texts):
            yield Entity(name="pod_end", type="text", value=end, origin=each.origin)


_TOLD_APART: Final = (
    ("ticket", re.compile(r"\b(?P<v>(?:INC|CHG|PRB|TASK|RITM|CASE|SR|REQ)[-_]?\d{4,})\b")),
    ("account", re.compile(r"(?i)--?account(?:-?id)?[ =](?P<v>\d{5,})\b")),
)


def _people(course: list[Placed], known: set[str]) -> list[str]:
    return [name for name in people_of(each.reading.event for each in course) if name not in known]


def _is_end_of(one: str, other: str) -> bool:
    """Whether one of two paths is how the other ends."""
    return "/" in one and "/" in other and (one.endswith(f"/{other}") or other.endswith(f"/{one}"))


def _gathered(course: list[Placed]) -> dict[Mention, int]:
    """Return every value that stands in a position that says what it is, with how often it does."""
    prompt = prompt_of(course)
    counts = _asked_for(prompt, course)
    for each in course:
        if each.dropped != DID_NOT_HOLD and each.reading.kind not in IGNORED:
            for mention in mentions(each.reading) if each.reading.event.is_call else _planned(each):
                counts[mention] = counts.get(mention, 0) + 1
    counts = {_of_the_prompt(mention, prompt): count for mention, count in counts.items()}
    counts |= _named_and_used(course, prompt, {mention.value.rstrip("/") for mention in counts})
    if not any(mention.name in ("service", "container") for mention in counts):
        counts |= {Mention("service", "service", name): 1 for name in prompted_service(prompt)}
    edited = _edited(course)
    shown = _files_shown(course)
    counts = {_as_shown(_leaking(mention, edited), shown): count for mention, count in counts.items()}
    return counts | {mention: 1 for mention in only_shown(course, counts) if mention not in counts}


def _asked_for(prompt: str, course: list[Placed]) -> dict[Mention, int]:
    channels = re.findall(r"(?<![\w&/])#[a-z][\w-]{2,79}\b", prompt)
    counts = {Mention("channel", "slack_channel", channel): 1 for channel in channels}
    return counts | {Mention("source", "path", path): 1 for path in _sources(prompt, course)}


def _sources(prompt: str, course: list[Placed]) -> list[str]:
    """Return the folders of code that the request names: as such, or because somebody then worked there."""
    called = prompted_paths(prompt)
    calls = [each.reading for each in course if each.reading.event.is_call]
    gone_to = [match["v"] for each in calls for match in _GONE_TO.finditer(each.line)]
    return called or paths_gone_to(prompt, [*gone_to, *(each.event.path for each in calls if each.event.path)])


_GONE_TO: Final = re.compile(
    r"(?:\bcd|\bgit -C|\bpushd|\brg\b[^|;&]*|\bgrep\b[^|;&]*)\s(?P<v>(?:[A-Za-z]:|~)?/[\w./-]+)"
)


def _named_and_used(course: list[Placed], prompt: str, known: set[str]) -> dict[Mention, int]:
    """Return what the request names and a command then uses, wherever it stands there."""
    lines = "\n".join(each.reading.line for each in course if each.reading.event.is_call)
    known = known | {simple.program for each in course for simple in each.reading.simples}
    return {
        Mention(name, "path" if "/" in value else "service" if name == "service" else "text", value): 1
        for value, name in prompted_values(prompt).items()
        if value not in known and _is_word_of(value, lines)
    }


def _is_word_of(value: str, text: str) -> bool:
    return bool(re.search(rf"(?<![\w./-]){re.escape(value)}(?![\w-])", text))


def _of_the_prompt(mention: Mention, prompt: str) -> Mention:
    """Return the value as the request calls it, where a platform puts its own name before it: `stack_service`."""
    before, _, rest = mention.value.partition("_")
    if (
        mention.name.removeprefix("staging_") in ("service", "container")
        and rest
        and _is_word_of(rest, prompt)
        and before in prompt
    ):
        return mention._replace(name="service", type="service", value=rest)
    return mention


def _planned(each: Placed) -> Iterator[Mention]:
    """Yield the revisions that a plan or a request names."""
    if each.reading.kind in ("rollback_plan", "requested"):
        line = RecordEvent(id="", sort=Sort.COMMAND, command=each.reading.event.text)
        yield from (each for each in mentions(Reading(event=line)) if each.type == "revision")
        for match in _BACK_TO.finditer(each.reading.event.text):
            yield Mention("stable_revision", "revision", match["v"])


_BACK_TO: Final = re.compile(
    r"(?i)\b(?:undo|roll-?back|rollback|revert)\b[^.;\n]{0,48}?(?:\bto (?:revision |version |release )?|"
    r"\s(?:-r|-v|--rev(?:ision)?|--version|--to)[ =])v?(?P<v>\d+)\b"
)


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
    return set(asked[-1:]) or set(cited_files(course)[:1])


def _leaking(mention: Mention, edited: set[str]) -> Mention:
    if mention.name == "source" and mention.value in edited:
        return mention._replace(name="leak_file")  # settings, which no language is written in
    if mention.name != "source_file":
        return mention
    same = [path for path in sorted(edited) if path.endswith(mention.value) or mention.value.endswith(path)]
    value = same[0] if same and same[0].endswith(f"/{mention.value}") else mention.value
    return mention._replace(name="leak_file" if same else "other_file", value=value)


def _files_shown(course: list[Placed]) -> list[str]:
    """Return the source files that searches, stacks and heaps showed, as they spelled them."""
    showing = (each for each in course if each.kept and each.reading.kind in ("code", "heap_report", "heap", "threads"))
    return [match["v"] for each in showing for match in SOURCE_FILE.finditer(each.reading.event.output)]


def _as_shown(mention: Mention, shown: list[str]) -> Mention:
    """Return the file that the change is in as the first look that showed it spelled it."""
    if mention.name != "leak_file":
        return mention
    same = (path for path in shown if "/" in path and (path == mention.value or _is_end_of(path, mention.value)))
    return mention._replace(value=next(same, mention.value))


def _chosen(counts: dict[Mention, int], prompt: str) -> list[Mention]:
    """Return one mention for each value: where two positions disagree, the more telling one."""
    services = {mention.value: count for mention, count in counts.items() if mention.name in ("service", "container")}
    sources = [mention.value for mention in counts if mention.name == "source"]
    asked = {path for path in sources if path in prompted_paths(prompt) or ("/" in path and _is_word_of(path, prompt))}
    asked_for = {value for value in services if _is_word_of(value, prompt)}
    main = max(services, key=lambda value: (value in asked_for, services[value], -len(value), value), default="")
    kept = []
    for mention in counts:
        if mention.name == "container" and mention.value in {m.value for m in counts if m.name == "service"}:
            continue
        if mention.name == "service" and mention.value != main:
            mention = mention._replace(name="other_service")
        if mention.name == "container" and mention.value == main and not any(m.name == "service" for m in counts):
            mention = mention._replace(name="service", type="service")
        if mention.name == "source" and _is_within(mention.value, sources, asked):
            mention = mention._replace(name="other_path")
        if mention.name.startswith("staging_") and re.fullmatch(
            r"(?i)staging|stage|stg|uat|qa|dev|test|preprod|预发", mention.value
        ):
            mention = mention._replace(name="any_staging")
        kept.append(mention)
    return sorted(kept, key=lambda mention: RANK.get(mention.name, len(RANK)))


def _is_within(path: str, sources: list[str], asked: set[str]) -> bool:
    """Whether a folder is only a part of the code: it was not asked about, or is below another."""
    if asked and path not in asked:
        return True
    is_file = "." in path.rpartition("/")[2]
    return not is_file and any(path.startswith(f"{each.rstrip('/')}/") for each in sources)


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
