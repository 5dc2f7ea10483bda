"""What no rule knows is told by where it stands: a tool of the house that brings a change in, tries it or tells of it.

A call that nobody's rule fits, between the change and the end, is a deployment when it follows an approval, when it
names a revision next to the one that runs, or when the same tool did one of these. Nothing that only looks is taken so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.facts import files_in, names_in
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.shell.changing import changes_something

UNKNOWN_TOOL: Final = "leakdoc: an unknown tool that brings the change in"
_BEGINS: Final = {"fix", "tune", "breaker", "build", "test"}
_BRINGS: Final = {"deploy", "restart", "rollback"}
_LOOK_WORDS: Final = """
    status log logs get show list ls describe info version help diff plan dry dryrun history events top stat stats cat
    less head tail grep rg awk wc find watch inspect health ps lint fmt format echo printf vi vim nvim nano
"""
_LOOKS: Final = frozenset(_LOOK_WORDS.split())
_NO_TOOL: Final = {"cd", "export", "sleep", "wait", "set", "source", ".", "true", "mkdir", "pushd", "popd", "git"}
_TRIES: Final = re.compile(
    r"(?i)(?<![a-z])(\d+ (tests?|examples?|specs?|assertions|scenarios)|tests? run|pass(ed|es)?|0 fail\w*|ok)(?![a-z])|"
    r"✓|通过|成功"
)
_REVISION: Final = re.compile(
    r"(?<![\w./-])(?=[\w.+:-]*\d)(?!\d+[smhd]?(?![\w.-]))[A-Za-z]?[\w.+:-]*\d[\w.+-]*(?![\w/])"
)
_MADE: Final = re.compile(
    r"(?i)\b(push(ed|ing)?|built|build|wrote|written|packag\w+|upload\w*|digest|image|artifact\w*)\b"
)
_SENTENCE: Final = re.compile(r"""(?P<q>["'])(?=(?:(?!(?P=q)).)*\w\s+\w)[^"'{}\[\]|$]{12,}(?P=q)|["']#\w""")


def with_unknown_tools(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; of calls that no rule fits, those that tell what they are by where they stand."""
    told = list(read)
    calls = [i for i, each in enumerate(told) if each.event.is_call]
    begun = next((i for kinds in (_BEGINS, _BRINGS | {"mitigate"}) for i in calls if told[i].kind in kinds), len(told))
    unknown = [i for i in range(begun, len(told)) if _is_unknown(told[i])]
    for find, kind, rule in _BY_PLACE:
        for position in list(find([i for i in unknown if not told[i].kind], told)):
            told[position] = replace(told[position], kind=kind, rule=rule)
    return told


def with_what_is_changed(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; a look at settings, in a file that is then changed, is where the cause was located."""
    told = list(read)
    changed: set[str] = set()
    for position in range(len(told) - 1, -1, -1):
        each = told[position]
        if each.kind in _CHANGED:
            changed |= files_in(names_in(f"{each.event.path} {each.line}"))
        elif each.event.is_call and each.kind in ("", "config", "quiet") and _shows_one(each, changed):
            told[position] = replace(each, kind="code", rule="leakdoc: it looks at a file that is changed later")
    return told


def _shows_one(reading: Reading, changed: set[str]) -> bool:
    """Whether a look names one of these files, or what an unknown tool found is a line of one."""
    lines = _LINE_OF.findall(reading.event.output[:_LONGEST]) if not reading.kind else ()
    return bool((files_in(names_in(reading.line)) | files_in(names_in(" ".join(lines)))) & changed)


_LINE_OF: Final = re.compile(r"([\w./-]+\.[a-z]{1,5}):\d+")
_CHANGED: Final = {"fix", "tune", "breaker"}


def _is_unknown(reading: Reading) -> bool:
    event = reading.event
    known = reading.kind or event.sort is not Sort.COMMAND or event.failed is True
    return not known and bool(_tool(reading)) and not _only_looks(reading)


def _only_looks(reading: Reading) -> bool:
    """Whether one of its words says so; a sentence that is passed on is no word."""
    words = [word for simple in reading.simples for word in simple.argv if " " not in word]
    return any(part in _LOOKS for word in words for part in re.split(r"[:/._=-]+", word.lower()))


def _tool(reading: Reading) -> str:
    """Return the program that a call is about: the last that is not of the shell."""
    return next((each.program for each in reversed(reading.simples) if each.program not in _NO_TOOL), "")


def _tests(unknown: list[int], told: list[Reading]) -> Iterator[int]:
    """Yield what says that it passed, where the last that was done before it was a change and no deployment."""
    for position in unknown:
        kinds = (each.kind for each in reversed(told[:position]) if each.event.is_call)
        last = next((kind for kind in kinds if kind in (*_BEGINS, *_BRINGS)), "")
        if last in _BEGINS and _TRIES.search(told[position].event.output[-500:]) and not _named(told[position]):
            yield position


def _builds(unknown: list[int], told: list[Reading]) -> Iterator[int]:
    """Yield what names a new revision first of all, and says that it made something of it."""
    seen: set[str] = set()
    for position in unknown:
        named = _named(told[position])
        if named and not named & seen and _MADE.search(told[position].event.output[-500:]):
            yield position
        seen |= named


def _bringing(unknown: list[int], told: list[Reading]) -> Iterator[int]:
    tools = {_tool(told[i]) for i in unknown if _was_approved(i, told) or _names_the_next(i, told) or _applies(i, told)}
    yield from (i for i in unknown if _tool(told[i]) in tools)


def _applies(position: int, told: list[Reading]) -> bool:
    """Whether it is carried to where something was looked at before, right behind an edit."""
    before = next((each for each in reversed(told[:position]) if each.event.is_call), None)
    places = {transport.to for simple in told[position].simples for transport in simple.via if transport.to}
    seen = {
        transport.to for each in told[:position] if each.kind for simple in each.simples for transport in simple.via
    }
    return before is not None and before.kind in ("fix", "tune", "breaker") and bool(places & seen)


def _was_approved(position: int, told: list[Reading]) -> bool:
    """Whether it is the first call after a person's word to a question or a request."""
    before = position - 1
    if before < 1 or not _is_said_by(told[before].event, Actor.PERSON) or "denied" in _kinds(told[before]):
        return False
    asked = told[before - 1]
    return "approved" in _kinds(told[before]) or (
        _is_said_by(asked.event, Actor.AGENT) and ("requested" in _kinds(asked) or bool(_ASKS.search(asked.event.text)))
    )


_ASKS: Final = re.compile(r"[?？]\W*$|@\w|お願い|请")


def _is_said_by(event: RecordEvent, actor: Actor) -> bool:
    return event.sort is Sort.STATEMENT and event.actor is actor


def _kinds(reading: Reading) -> tuple[str, ...]:
    return (reading.kind, *reading.also)


def _names_the_next(position: int, told: list[Reading]) -> bool:
    """Whether it names a revision that was built here, or one shaped like one that a look showed running."""
    named = _named(told[position])
    built = {name for each in told[:position] if each.kind == "build" for name in _named(each)}
    shown = {name for each in told if each.kind == "revision" for name in _REVISION.findall(each.event.output)}
    return bool(named & built) or bool({_shape(name) for name in named} & {_shape(name) for name in shown - named})


def _named(reading: Reading) -> set[str]:
    words = re.sub(r"(?<=[\s\"'])[\w./-]+/(?=[\w.-]+:)", "", reading.event.command)
    names = {match.rpartition(":")[2] for match in _REVISION.findall(words)}
    return {name for name in names if not name.isdigit() and len(name) > 1}


def _shape(name: str) -> str:
    return re.sub(r"\d+", "9", name)


def _loads(unknown: list[int], told: list[Reading]) -> Iterator[int]:
    """Yield what stands between two deployments, right before a look."""
    deployed = [i for i, each in enumerate(told) if each.event.is_call and each.kind in (*_BRINGS, "mitigate")]
    for position in unknown:
        after = next((each for each in told[position + 1 :] if each.event.is_call), None)
        between = any(i < position for i in deployed) and any(i > position for i in deployed)
        if between and after is not None and after.kind not in (*_BRINGS, ""):
            yield position


def _summaries(unknown: list[int], told: list[Reading]) -> Iterator[int]:
    """Yield the last calls of all, each given a sentence or a channel."""
    for position in reversed(unknown):
        rest = [each for each in told[position + 1 :] if each.event.is_call and each.kind not in ("summary", "quiet")]
        if rest:
            return
        if _SENTENCE.search(told[position].event.command):
            yield position


_Finds = Callable[[list[int], list[Reading]], Iterator[int]]
_BY_PLACE: Final[tuple[tuple[_Finds, str, str], ...]] = (  # in this order: a sentence names revisions too
    (_summaries, "summary", "leakdoc: an unknown tool that is told a sentence last"),
    (_tests, "test", "leakdoc: after the change, and it says what passed"),
    (_builds, "build", "leakdoc: an unknown tool that makes the new revision"),
    (_bringing, "deploy", UNKNOWN_TOOL),
    (_loads, "load", "leakdoc: an unknown tool between a deployment and a look"),
)


def with_pushes(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; a push after which something is released is a deployment."""
    return [
        replace(each, kind="deploy", rule="leakdoc: a push that released something")
        if each.kind == "build" and "push" in each.line and _RELEASED.search(each.event.output)
        else each
        for each in read
    ]


_RELEASED: Final = re.compile(r"(?i)\breleased? v?\d|\bdeploy(ed|ing)\b|\blaunching\b|-----> ")


def with_measures(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; what no rule fits, and was asked the same way before and after a change, measures it."""
    told = list(read)
    changes = [i for i, each in enumerate(told) if each.event.is_call and each.kind in (*_CHANGED, "deploy")]
    unknown = [i for i, each in enumerate(told) if _asks(each)]
    for position in unknown:
        twins = [i for i in unknown if i != position and _alike(told[i], told[position])]
        if any(min(position, i) < change < max(position, i) for i in twins for change in changes):
            told[position] = replace(told[position], kind="symptom", rule="leakdoc: asked before a change and after it")
    return told


def _asks(reading: Reading) -> bool:
    event = reading.event
    return not reading.kind and event.sort is Sort.COMMAND and event.failed is not True and bool(event.output.strip())


def _alike(one: Reading, other: Reading) -> bool:
    here, there = names_in(one.event.command), names_in(other.event.command)
    return _tool(one) == _tool(other) and len(here & there) >= _SAME * len(here | there)


def with_unknown_looks(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; what no rule fits, changes nothing and showed a measure is a look."""
    return [replace(each, kind="symptom", rule=UNKNOWN_LOOK) if _asks_somebody(each) else each for each in read]


UNKNOWN_LOOK: Final = "leakdoc: an unknown tool that showed a measure"
_MEASURES: Final = re.compile(
    r"(?i)(?<![\w-])(rss|heap|mem(ory)?|resident|swap|oom\w*|alloc\w*|bytes|conn(ection)?s?|pools?|idle|sleep(ing)?|waiting|"
    r"waiters|queued?|queue_?len\w*|pending|backlog|in[-_]?flight|latency|p\d\d|timeouts?|deadline\w*|errors?|fail\w*|rps|qps|"
    r"retr(y|ies)|threads?|goroutines?|tasks?|workers?|restarts?|requests?|lag|slow\w*|max|avg|min)(?![\w-])|"
    r"\d\s?([KMGT]i?B|ms|µs|us|s|%|/s)(?!\w)|\b5\d\d\b|(?m:^\s*(at |#?\d+\s).*[.:]\w+\(?)"
)


def _asks_somebody(reading: Reading) -> bool:
    event = reading.event
    waits = reading.kind == "wait" and any(
        each.program not in (*_NO_TOOL, *_FILTERS) and each.program not in _WAITS for each in reading.simples
    )
    if (reading.kind and not waits) or event.sort is not Sort.COMMAND or event.failed is True:
        return False
    tool = next((each for each in reading.simples if each.program not in (*_NO_TOOL, *_FILTERS)), None)
    writes = any(changes_something(each.argv) or each.written for each in reading.simples)
    return tool is not None and not writes and bool(_MEASURES.search(f"{event.said}\n{event.output[:_LONGEST]}"))


_LONGEST: Final = 4_000  # characters of an output that are looked through
_FILTERS: Final = {"echo", "printf", "cat", "tee", "date", "rm", "cp", "mv", "chmod", "seq", "jq", "true", "test", "["}
_WAITS: Final = {"kubectl", "oc", "aws", "argocd", "nomad", "gh", "helm"}
_SAME: Final = 0.6  # share of words that a look and its repetition, maybe elsewhere, have in common
