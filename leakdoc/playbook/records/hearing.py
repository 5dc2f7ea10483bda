"""What was said in the course of the incident: decisions, plans and approvals belong to the step they are on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from leakdoc.playbook.records.event import Actor
from leakdoc.playbook.records.facts import figures_in, names_in, near
from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.placing import SHIPPED, Placed, placed_calls, verified
from leakdoc.playbook.records.rulebook import Rulebook

_ON_GROWTH: Final = re.compile(r"(?i)climb|slope|grow|plateau|linear|leak|straight|MB a min|MiB/|泄漏|增长|线性|上涨")
_FOUND: Final = re.compile(
    r"(?i)\d|because|since|so\b|therefore|due to|因为|所以|由于|"
    r"^\W*(flat|stable|steady|clean|quiet|gone|recovered|normal|all good)\W*$"  # of those who say no more than that
)

ANNOUNCES: Final = "says what the next call does"


def placed(read: list[Reading], incident_class: str, rulebook: Rulebook) -> list[Placed]:
    """Return every reading with its step, or none."""
    course = placed_calls(read, incident_class, rulebook)
    return verified([_statement(each, position, course) for position, each in enumerate(course)], incident_class)


def _statement(each: Placed, position: int, course: list[Placed]) -> Placed:
    reading = each.reading
    if reading.event.is_call:
        return each
    kind = _heard_as(each)
    if reading.event.narrates and not _emphatic(reading):
        return replace(each, why=ANNOUNCES)
    gives = _STATEMENTS.get(kind)
    slot, why = gives(position, course) if gives else ("", _NOT_KEPT.get(kind, "says nothing that a step would need"))
    if not gives and kind in _OPEN and _closes(each, position, course):
        slot, why = "summary", "how it ended"
    elif not gives and _is_a_finding(each, kind, position, course):
        slot, why = _decision(position, course)
    return replace(each, slot=slot, why=why)


def _is_a_finding(each: Placed, kind: str, position: int, course: list[Placed]) -> bool:
    """Whether what no rule takes for a decision is one all the same."""
    if kind == "hypothesis":
        return _bore_out(each, position, course)
    return not kind and (_weighs(each.reading, position) or _comes_back(each, position, course))


def _heard_as(each: Placed) -> str:
    """Return the kind of a statement: that nothing is wrong is what one hopes to find, once the change is in."""
    kind = each.reading.kind
    if kind == "rejected" and each.phase in ("staged", "rolled"):
        return next((other for other in each.reading.also if other in _STATEMENTS), "")
    return kind


_OPEN: Final = {"", "plan"}


def _closes(each: Placed, position: int, course: list[Placed]) -> bool:
    """Whether something is said, in whatever words, between the last look after the rollout and the summary."""
    if each.phase != "rolled" or "?" in each.reading.event.text or position < 1:
        return False
    later = [after.slot for after in course[position + 1 :] if after.reading.event.is_call and after.slot]
    return course[position - 1].slot in ("verify", "recovered", "guard") and set(later) <= {"summary", "monitoring"}


def _emphatic(reading: Reading) -> bool:
    return bool(
        re.match(
            r"(?i)\W*(decision|root cause|conclusion|rollback plan|结论|决定|根因|回滚(方案|计划|预案))",
            reading.event.text,
        )
    )


def _weighs(reading: Reading, position: int) -> bool:
    """A statement of the agent that announces no call, and that figures or causes stand in, is a finding."""
    if reading.event.actor is not Actor.AGENT or reading.event.narrates or position < 2:
        return False
    return bool(_FOUND.search(reading.event.text))


def _comes_back(each: Placed, position: int, course: list[Placed]) -> bool:
    """Whether a statement of the agent, about nothing that follows, names what the last look showed."""
    event = each.reading.event
    last = _last_call(position, course)
    if event.actor is not Actor.AGENT or event.narrates or last is None or "?" in event.text:
        return False
    shown = names_in(f"{last.reading.line} {last.reading.event.output}")
    return any(len(name) >= _LONG and name in shown for name in names_in(event.text))


def _bore_out(each: Placed, position: int, course: list[Placed]) -> bool:
    """Whether a hypothesis rests on what was seen, asks nothing, and is followed by a decision before any setback."""
    text = each.reading.event.text
    if each.phase != "before" or "?" in text or "？" in text:
        return False
    shown = [figure for before in course[:position] for figure in figures_in(before.reading.event.output)]
    if not _comes_back(each, position, course) and not any(near(figure, shown) for figure in figures_in(text)):
        return False
    verdicts = (later.reading.kind for later in course[position + 1 :] if later.reading.kind in _VERDICTS)
    return next(verdicts, "") == "decided"


_VERDICTS: Final = {"decided", "rejected", "still_bad", "hypothesis", "fix", "tune", "breaker"}
_LONG: Final = 6  # characters of a word that can be a name of something


def _last_call(position: int, course: list[Placed]) -> Placed | None:
    return next((each for each in reversed(course[:position]) if each.reading.event.is_call and each.slot), None)


def _decision(position: int, course: list[Placed]) -> tuple[str, str]:
    last = _last_call(position, course)
    if last is None:
        return "", "a decision before anything was looked at"
    if last.slot == "sample" and last.phase == "before" and _ON_GROWTH.search(course[position].reading.event.text):
        return "growth", "a decision on growth"
    return last.slot, "a decision on what was just seen"


def _next_write(position: int, course: list[Placed]) -> tuple[str, str]:
    ahead = next((each for each in course[position:] if each.reading.event.is_call and each.slot in SHIPPED), None)
    behind = next((each for each in reversed(course[:position]) if each.slot in SHIPPED), None)
    found = ahead or behind
    return (found.slot, "an approval of what follows") if found else ("", "an approval of nothing that was done")


def _approval(position: int, course: list[Placed]) -> tuple[str, str]:
    if not any(each.reading.event.is_call for each in course[:position]):
        return "", "the request that it began with"
    return _next_write(position, course)


def _plan_to_go_back(position: int, course: list[Placed]) -> tuple[str, str]:
    after = next((each for each in course[position:] if each.reading.event.is_call), None)
    if course[position].phase == "rolled" and after is not None and after.slot == "roll_back":
        return "", "announces the rollback that follows"
    return "baseline", "a plan for the rollback"


def _ending(position: int, course: list[Placed]) -> tuple[str, str]:
    text = course[position].reading.event.text
    if not any(each.slot in SHIPPED for each in course[:position]):
        return "", "nothing had been changed yet"
    if re.search(r"(?i)alert|monitor|dashboard|alarm|slo\b|告警|监控|报警", text):
        return "monitoring", "a follow-up that asks for monitoring"
    return "summary", "how it ended"


_STATEMENTS: Final[dict[str, Callable[[int, list[Placed]], tuple[str, str]]]] = {
    "decided": _decision,
    "rollback_plan": _plan_to_go_back,
    "requested": _next_write,
    "approved": _approval,
    "resolved": _ending,
}
_NOT_KEPT: Final = {
    "rejected": "rules something out",
    "still_bad": "says that it did not help",
    "hypothesis": "a hypothesis",
    "plan": "a plan",
    "denied": "was not approved",
}
