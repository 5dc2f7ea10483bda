"""Looks that led nowhere: nothing kept later uses what they showed, and they showed nothing, or were a mere suspicion.

The course is walked backward from its end. What is kept tells what it uses: the names in commands and edits, the names
and figures in decisions. A look whose output holds none of that, and that is not repeated once the change is in, is on
no way to the cure. Whether it is dropped then depends on what it was: a measurement of what the incident is about
stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from leakdoc.playbook.records.facts import figures_in, files_in, is_flat, names_in, near, shows_nothing, telling
from leakdoc.playbook.records.placing import OBSERVED, Placed
from leakdoc.playbook.records.rulebook import Rulebook
from leakdoc.playbook.records.standing import UNKNOWN_LOOK

MET_IT: Final = re.compile(
    r"(?i)timed? ?out|deadline ?exceeded|time-?out|\b50[234]\b|too many (connections|clients)|connection slots|"
    r"resource ?exhausted|unavailable|pool .{0,30}(exhaust|limit|full)|out of memory|oom"
)
RULED_OUT: Final = "ruled out"
NOT_CITED: Final = "no decision cites it"
SHOWED_NOTHING: Final = "it showed nothing, and nothing later rests on it"
OTHER_CODE: Final = "code that the change is not in"

_SEARCHES: Final = {"code", "history"}
_LOOKS: Final = OBSERVED | _SEARCHES | {"config"}
_ALIKE: Final = 0.4  # share of words that a look and the one that repeats it have in common at least
_ASKS_WHAT: Final = re.compile(
    r"(?i)\b(what|where|who|whose|which|how|when|why|was|wo|wer|wie|welche\w*|qui|quel\w*|où|combien|comment|quién\w*|"
    r"dónde|cuánt\w+|qué|cómo|quem|onde|quant\w+|chi|dove|kto|gdzie|ile|waar|hoeveel|кто|где|сколько|confirm|really|"
    r"wirklich)\b|哪|谁|多少|什么|怎么|どこ|誰|何|どの|어디|누가|얼마|무엇"
)
_LABEL: Final = re.compile(
    r"(?i)\W*(?P<label>(?:h|hyp\w*|theory|idea|option)?\W?(?:\d|[a-f]))\W*"
)  # of one among several
_SUSPECTS: Final = re.compile(
    r"(?i)\b(maybe|perhaps|possibly|might|could (it|this) be|suspect|guess|what if|just in case|in case|rule out|"
    r"to be sure|vielleicht|eventuell|zur sicherheit|peut-être|au cas où|quizás?|tal vez|por si acaso|talvez|forse|"
    r"może|misschien)\b|возможно|怀疑|可能|会不会|是不是|也许|难道|排查一下|かも|可能性|念のため|일까|혹시"
)


@dataclass(slots=True)
class _Wanted:
    """What is used by what was kept so far, on the way backward."""

    anywhere: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    figures: list[float] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)

    def add(self, each: Placed) -> None:
        event = each.reading.event
        if event.is_call:
            self.anywhere |= names_in(f"{each.reading.line} {event.path}")
            self.edited |= names_in(f"{event.before} {event.after}")
        else:
            self.decisions.append(event.text)
            self.anywhere |= (told := names_in(event.text))
            self.told |= told
            self.figures += figures_in(event.text)


def led_nowhere(course: list[Placed], rulebook: Rulebook, incident_class: str) -> dict[int, str]:
    """Return the looks before the change that nothing kept rests on, each with why it is dropped."""
    first = _first_places(course)
    again = set(_repeated(course))
    wanted, drops = _Wanted(), {}
    changed = _files_changed(course)
    decided = _first_decision(course)
    optional = {name for name, kind in rulebook.kinds.items() if kind.is_optional(incident_class)}
    for position in range(len(course) - 1, -1, -1):
        each = course[position]
        if not each.slot or each.dropped:
            continue
        said = _said_before(course, position)
        other = _is_of_another(said, wanted.decisions)
        used = position in again or _is_used(position, each, first, wanted)
        if each.reading.kind in _SHOWS_IT and position > decided and not used:
            used = _is_concluded(course, position) and not is_suspicion(said)
        why = ""
        if _may_lead_nowhere(each) and (other or not used):
            why = RULED_OUT if other else _why_dropped(each, said, changed, optional, early=position < decided)
        if why:
            drops[position] = why
        else:
            wanted.add(each)
    return drops


def _may_lead_nowhere(each: Placed) -> bool:
    return (
        each.phase == "before" and each.reading.event.is_call and each.reading.kind in OBSERVED | _SEARCHES | {"config"}
    )


def _said_before(course: list[Placed], position: int) -> str:
    """Return what a look was announced with, or else what was only supposed just before it and the looks beside it."""
    for each in reversed(course[: position + 1]):
        if not each.reading.event.is_call:
            return each.reading.event.text if each.reading.kind == "hypothesis" else ""
        if each.reading.event.said or each.reading.kind not in _LOOKS:
            return each.reading.event.said if each is course[position] else ""
    return ""


def _is_concluded(course: list[Placed], position: int) -> bool:
    """Whether a decision follows at once."""
    after = course[position + 1] if position + 1 < len(course) else None
    return after is not None and not after.reading.event.is_call and bool(after.slot)


def _is_of_another(said: str, decisions: list[str]) -> bool:
    """Whether a look is labelled with one hypothesis, and a later decision names another: `H2` where `H1 it is`."""
    label = _LABEL.fullmatch(said)
    if label is None or any(_names_label(text, label["label"]) for text in decisions):
        return False
    kin = re.sub(r"[\da-fA-F]$", "", label["label"])
    return any(re.match(rf"(?i)\W*{re.escape(kin)}[\da-f]\b", text) for text in decisions)


def _names_label(text: str, label: str) -> bool:
    """Whether a text names the label of a hypothesis as a word."""
    return bool(re.search(rf"(?i)(?<!\w){re.escape(label)}(?!\w)", text))


def _why_dropped(each: Placed, said: str, changed: set[str], optional: set[str], *, early: bool) -> str:
    reading = each.reading
    if reading.kind in _SEARCHES:
        shown = files_in(names_in(f"{reading.line} {reading.event.output}"))
        return OTHER_CODE if changed and shown and not shown & changed else ""
    if MET_IT.search(reading.event.output) or _is_told_without_output(each):
        return ""
    if reading.kind in optional:
        return "" if reading.kind == "threads" and _piles_up(each) else NOT_CITED
    if reading.rule == UNKNOWN_LOOK:
        return NOT_CITED
    if is_suspicion(said):
        return RULED_OUT if not early or reading.kind not in _SHOWS_IT else ""
    if reading.kind in _SHOWS_IT - {"target"} and not early:
        return NOT_CITED
    if reading.kind in ("heap", "target"):
        return ""  # a capture leaves a file, and the next call uses it
    if shows_nothing(reading.event.output) or (reading.kind in _OVER_TIME and is_flat(reading.event.output)):
        return SHOWED_NOTHING
    return ""


def _is_told_without_output(each: Placed) -> bool:
    """Whether what it showed is not known: a history and a recording of a screen tell what was typed."""
    return not each.reading.event.output and each.reading.event.id.startswith(("history:", "cast:"))


def _piles_up(each: Placed) -> bool:
    """Whether far more threads or tasks were counted than a process has of its own."""
    given = figures_in(each.reading.line)
    return any(figure >= _MANY and figure not in given for figure in figures_in(each.reading.event.output))


_MANY: Final = 200
_SHOWS_IT: Final = {"symptom", "target", "errors"}  # before anything is decided, they confirm what it began with
_OVER_TIME: Final = {"symptom", "growth", "errors", "traffic", "host"}


def is_suspicion(said: str) -> bool:
    """Whether what was said before a look only guesses: `locks?`, but not `who holds them?`."""
    if _SUSPECTS.search(said):
        return True
    return bool(re.search(r"[?？]\W*$", said)) and not _ASKS_WHAT.search(said)


def _is_used(position: int, each: Placed, first: dict[str, int], wanted: _Wanted) -> bool:
    """Whether what its output names or counts, and nothing had named before, comes back later."""
    event = each.reading.event
    shown = names_in(event.output)
    if each.reading.kind in _SEARCHES and files_in(shown) & wanted.anywhere:
        return True
    if each.reading.kind == "config" and any(telling(name) for name in names_in(each.reading.line) & wanted.edited):
        return True
    new = {name for name in shown if first.get(name, position) == position}
    if any(name in wanted.told or (telling(name) and name in wanted.anywhere | wanted.edited) for name in new):
        return True
    return any(near(figure, wanted.figures) for figure in figures_in(event.output))


def _first_places(course: list[Placed]) -> dict[str, int]:
    """Return where each name stands first, in what was said, done or shown."""
    first: dict[str, int] = {}
    for position, each in enumerate(course):
        event = each.reading.event
        for name in names_in("\n".join((event.text, event.said, each.reading.line, event.path, event.before))):
            first.setdefault(name, -1 if position == 0 else position - 1)
        for name in names_in(event.output):
            first.setdefault(name, position)
    return first


def _repeated(course: list[Placed]) -> Iterator[int]:
    """Yield the looks that are done once more when the change is in: for each, the one most like it."""
    words = [_words(each) if each.reading.event.is_call and each.slot else set() for each in course]
    before = [i for i, each in enumerate(course) if each.phase == "before" and each.reading.kind in OBSERVED]
    for position, each in enumerate(course):
        if each.phase == "before" or each.dropped or not words[position] or each.reading.kind not in OBSERVED:
            continue
        alike = {i: _likeness(words[i], words[position]) for i in before if course[i].reading.kind == each.reading.kind}
        most = max(alike.values(), default=0.0)
        if most >= _ALIKE:
            yield from (i for i, likeness in alike.items() if likeness == most)


def _words(each: Placed) -> set[str]:
    return names_in(" ".join(simple.text for simple in each.reading.simples) or each.reading.line)


def _likeness(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _first_decision(course: list[Placed]) -> int:
    decided = (i for i, each in enumerate(course) if each.slot and not each.reading.event.is_call)
    return next(decided, len(course))


def _files_changed(course: list[Placed]) -> set[str]:
    changed = (each for each in course if each.slot in ("fix", "tune", "breaker") and not each.dropped)
    return {name for each in changed for name in files_in(names_in(f"{each.reading.event.path} {each.reading.line}"))}
