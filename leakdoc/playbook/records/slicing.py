"""What led to the cure is kept; what failed, was ruled out or did not hold is dropped, and becomes advice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from leakdoc.playbook.records.event import Sort
from leakdoc.playbook.records.leading import MET_IT, RULED_OUT, led_nowhere
from leakdoc.playbook.records.placing import OBSERVED, Placed, kinds_said
from leakdoc.playbook.records.rulebook import Rulebook
from leakdoc.playbook.records.setbacks import did_not_hold

FAILED: Final = "failed"

_LOOKS: Final = OBSERVED | {"code", "history", "host", "config", "quiet", "wait", "revision", "errors", ""}
_CORE: Final = {
    "memory",
    "growth",
    "server_connections",
    "client_connections",
    "pool",
    "heap",
    "heap_report",
    "symptom",
    "target",
}
_COULD_NOT: Final = re.compile(
    r"(?i)command not found|no such file or directory|permission denied|operation not permitted|error from server|"
    r"not installed|cannot attach|could not (connect|resolve|attach)|unrecognized (option|argument)|"
    r"unknown (flag|command)|no module named|usage: |connection refused|failed to connect|access denied|unable to"
)
_DOUBTS: Final = re.compile(
    r"(?i)\b(maybe|perhaps|possibly|might|could (it|this) be|could .{0,30}\?|suspect|guess|what if|in case|rule out|"
    r"(the|a) (bottleneck|cause|culprit|problem|reason)\?)|怀疑|可能|会不会|是不是|也许|难道|排查一下"
)
_COMMON: Final = frozenset(
    [
        "the",
        "and",
        "for",
        "not",
        "one",
        "only",
        "with",
        "are",
        "was",
        "has",
        "that",
        "this",
        "from",
        "into",
        "what",
        "out",
        "over",
        "per",
        "its",
        "all",
        "any",
        "can",
        "but",
        "ruled",
        "cause",
        "check",
        "look",
        "see",
        "maybe",
        "could",
        "kubectl",
        "exec",
        "get",
        "describe",
        "curl",
        "grep",
    ]
)


def sliced(course: list[Placed], rulebook: Rulebook, incident_class: str) -> list[Placed]:
    """Return the course with a reason at everything that is dropped; the first rule that drops something wins."""
    for rule in _RULES:
        drops = rule(course, rulebook, incident_class)
        course = [
            replace(each, dropped=drops[position]) if position in drops and not each.dropped else each
            for position, each in enumerate(course)
        ]
    return course


# --- what was ruled out -----------------------------------------------------------------------------------------


def _ruled_out(course: list[Placed], rulebook: Rulebook, incident_class: str) -> dict[int, str]:
    del incident_class
    drops: dict[int, str] = {}
    for position, each in enumerate(course):
        if each.reading.event.sort is Sort.STATEMENT and "rejected" in kinds_said(each):
            drops.update(dict.fromkeys(_rejects(position, course, rulebook), RULED_OUT))
    return drops


def _rejects(position: int, course: list[Placed], rulebook: Rulebook) -> Iterator[int]:
    topic = words_of(course[position].reading.event.text)
    nearest = True
    for before in range(position - 1, -1, -1):
        each = course[before]
        if not each.reading.event.is_call:
            if each.reading.event.narrates or each.reading.kind in ("", "hypothesis", "plan"):
                continue
            return
        if each.reading.kind not in _LOOKS or each.phase == "rolled":
            return
        at_once = before == position - 1 and _can_only_mean(position, course, topic)
        if not at_once and not _is_meant(each, topic, rulebook, nearest=nearest):
            return
        yield before
        nearest = False


def _can_only_mean(position: int, course: list[Placed], topic: set[str]) -> bool:
    """Whether a rejection can only be of the call just before it: no decision cites that, and it names no other."""
    other = course[position - 2].reading if position > 1 else None
    names_other = (
        other is not None and other.event.is_call and bool(topic & words_of(f"{other.event.said} {other.line}"))
    )
    if course[position].reading.kind != "rejected":
        return False
    return _tells_figure(position, course) or (not names_other and not cited(course, position - 1))


def _tells_figure(position: int, course: list[Placed]) -> bool:
    """Whether a statement tells a figure that only the call just before it showed."""
    earlier = course[max(0, position - 1 - _SHORT_WHILE) : position - 1]
    known = {each for before in earlier for each in _figures(before.reading.event.output)}
    return bool(
        (_figures(course[position - 1].reading.event.output) - known) & _figures(course[position].reading.event.text)
    )


_SHORT_WHILE: Final = 6  # events that a statement may still speak of


def _is_meant(each: Placed, topic: set[str], rulebook: Rulebook, *, nearest: bool) -> bool:
    """Whether it is this look that is ruled out; without a word in common, it can only be the one just before."""
    reading = each.reading
    kind = rulebook.kinds.get(reading.kind)
    about = words_of(f"{reading.event.said} {reading.line} {kind.about if kind else ''}")
    doubted = bool(_DOUBTS.search(reading.event.said))
    asked = "?" in reading.event.said or "？" in reading.event.said
    if topic & about:
        return doubted or asked or reading.kind not in _CORE or len(topic & about) > 1
    return doubted or (nearest and reading.kind in ("threads", "host", "config", "optional"))


def words_of(text: str) -> set[str]:
    """Return the words that can be what a text is about; of Chinese, every two characters."""
    lower = text.lower()
    words = {word.rstrip("s") for word in re.findall(r"[a-z][a-z_]{2,}", lower)} | set(
        re.findall(r"\b(?:gc|db|io|fd)\b", lower)
    )
    words |= set(re.findall(r"[\u30a1-\u30ff]{2,}", text))  # of Japanese, what is written in katakana
    chinese = "".join(re.findall(r"[\u4e00-\u9fff]", text))
    return (words - _COMMON) | {chinese[i : i + 2] for i in range(len(chinese) - 1)}


# --- what failed, and what nobody asked for ---------------------------------------------------------------------


def _failed(course: list[Placed], rulebook: Rulebook, incident_class: str) -> dict[int, str]:
    del rulebook, incident_class
    drops = {}
    for position, each in enumerate(course):
        event = each.reading.event
        if not event.is_call or not _went_wrong(each):
            continue
        again = any(
            (_same_again(later, each) or (later.slot == each.slot and later.reading.kind == each.reading.kind))
            and not _went_wrong(later)
            for later in course[position + 1 :]
            if later.reading.event.is_call
        )
        if again:
            drops[position] = f"{FAILED}, and was done again"
        elif _COULD_NOT.search(event.output[:2000]):
            drops[position] = FAILED
    return drops


def _same_again(later: Placed, each: Placed) -> bool:
    """Whether a test is run again, maybe behind what mends it."""
    if each.reading.kind != "test":
        return False
    ran = {simple.argv for simple in each.reading.simples if simple.program not in ("cd", "export")}
    return any(simple.argv in ran for simple in later.reading.simples)


def _went_wrong(each: Placed) -> bool:
    """Whether a call itself failed; a probe that met the incident (it timed out, it got a 504) showed something."""
    event = each.reading.event
    if each.reading.kind in OBSERVED and MET_IT.search(event.output) and not _COULD_NOT.search(event.output):
        return False
    lines = event.output.strip().splitlines()
    return event.failed is True or (
        len(lines) <= 2 and bool(_COULD_NOT.search(event.output)) and event.failed is not False
    )


def _optional(course: list[Placed], rulebook: Rulebook, incident_class: str) -> dict[int, str]:
    return {
        position: "no decision cites it"
        for position, each in enumerate(course)
        if (kind := rulebook.kinds.get(each.reading.kind))
        and kind.is_optional(incident_class)
        and each.phase == "changed"
        and each.slot != "staging"  # later it validates or verifies; before, see `leading`
        and not cited(course, position)
    }


def cited(course: list[Placed], position: int) -> bool:
    """Whether a later decision, plan or summary comes back to what a call showed, by a figure or by its subject."""
    each = course[position]
    known = {
        number
        for before in course[:position]
        for number in _figures(before.reading.event.output + before.reading.event.text)
    }
    figures = _figures(each.reading.event.output) - known
    subject = words_of(each.reading.line) & words_of(each.reading.event.said) - _COMMON
    for later in course[position + 1 :]:
        reading = later.reading
        weighs = later.slot and (
            reading.kind in ("decided", "rollback_plan", "requested", "resolved", "summary") or not reading.kind
        )
        text = reading.event.text or reading.line
        if weighs and (figures & _figures(text) or subject & words_of(text)):
            return True
    return False


def _figures(text: str) -> set[str]:
    return {number for number in re.findall(r"\d[\d.]*\d", text) if len(number) > 1}


_RULES: Final[tuple[Callable[[list[Placed], Rulebook, str], dict[int, str]], ...]] = (
    did_not_hold,
    _ruled_out,
    _failed,
    _optional,
    led_nowhere,
)
