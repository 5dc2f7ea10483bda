"""Every event in the course of the incident: which step of a playbook it belongs to, or why it belongs to none.

An incident goes through phases: something is looked at, changed, tried in staging, rolled out, and looked at again. The
same command is another step in another phase: reading memory is a diagnosis, a validation or a verification.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from leakdoc.playbook.records.interpreting import LOCAL, STAGING, Reading
from leakdoc.playbook.records.naming import places_in, revisions_in
from leakdoc.playbook.records.rulebook import Rulebook
from leakdoc.playbook.records.step_kinds import SLOT_OF_STEP

OBSERVED: Final = {
    "symptom", "target", "memory", "growth", "client_connections", "server_connections", "pool", "proxy_pool", "holder",
    "upstream", "errors", "threads", "heap", "heap_report", "traffic", "network", "limits", "locks", "gc",
}  # fmt: skip
CHANGES: Final = {"fix", "tune", "breaker", "build"}
CURES: Final = {"fix", "tune", "breaker"}
SHIPPED: Final = {"rollout", "mitigate", "tune", "breaker", "roll_back"}
_GUARDED: Final = {"symptom", "errors", "upstream", "target"}
_SAYS_GUARD: Final = re.compile(r"(?i)\bguard|\bcanary|watch(ing)?\b|\bbake|\bsoak|看护|灰度|观察")
_SAYS_VERIFY: Final = re.compile(
    r"(?i)verif|normali[sz]|recover|back to|settled|after (an hour|the rollout|deploy)|恢复|验证|回落"
)
_SAYS_SCALE: Final = re.compile(r"(?i)\b(scale|replicas|restart|bounce|recycle|扩容|重启)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A reading with its place in the playbook.

    Args:
        slot: the step; empty when there is none.
        why: in words.
        phase: `before`, `changed`, `staged` or `rolled`, as it was when it happened.
        dropped: why it is left out after all; empty when it is kept.
    """

    reading: Reading
    slot: str = ""
    why: str = ""
    phase: str = "before"
    dropped: str = ""

    @property
    def kept(self) -> bool:
        """Whether a step of the playbook comes from it."""
        return bool(self.slot) and not self.dropped


@dataclass(slots=True)
class Course:
    """How far the incident has come."""

    incident_class: str
    rulebook: Rulebook
    phase: str = "before"
    rolled_once: bool = False
    changes_ahead: bool = False  # whether something is still going to be changed
    cure_ahead: bool = False  # whether code or settings are still going to be
    stable: set[str] = field(default_factory=set)  # revisions that ran before anything was changed
    production: set[str] = field(default_factory=set)  # what names production, from the diagnosis


def placed_calls(read: list[Reading], incident_class: str, rulebook: Rulebook) -> list[Placed]:
    """Return every call with its step, or none; statements have none yet."""
    course = Course(incident_class, rulebook)
    calls: list[Placed] = []
    last_change = max((position for position, each in enumerate(read) if _changes(each)), default=-1)
    last_cure = max((i for i, each in enumerate(read) if each.event.is_call and each.kind in CURES), default=-1)
    for position, reading in enumerate(read):
        if not reading.event.is_call:
            _hear(reading, read[position:], course)
        course.changes_ahead, course.cure_ahead = position < last_change, position < last_cure
        calls.append(_call(reading, course) if reading.event.is_call else Placed(reading=reading, phase=course.phase))
    return calls


def _changes(reading: Reading) -> bool:
    return reading.event.is_call and reading.kind in ("fix", "tune", "breaker", "deploy", "restart", "rollback")


def kinds_said(each: Placed) -> tuple[str, ...]:
    """Return every kind of statement that fits."""
    return (each.reading.kind, *each.reading.also)


def _hear(reading: Reading, rest: list[Reading], course: Course) -> None:
    """Begin anew where a change is said not to have helped, and another one follows."""
    again = any(each.event.is_call and each.kind in ("fix", "tune", "breaker") for each in rest)
    if "still_bad" in (reading.kind, *reading.also) and course.phase != "before" and again:
        course.phase = "before"


def _call(reading: Reading, course: Course) -> Placed:
    if reading.kind.startswith("step:"):
        return _of_our_own(reading, course)
    rule = next((rule for applies, rule in _COURSE if applies(reading, course)), None)
    slot, why = rule(reading, course) if rule else ("", "")
    kind = course.rulebook.kinds.get(reading.kind)
    if rule is None and kind is not None:
        slot, why = kind.step(course.incident_class) or "", kind.about
    made = Placed(reading=reading, slot=slot, why=why or "no rule fits it", phase=course.phase)
    _note(made, course)
    return made


def _of_our_own(reading: Reading, course: Course) -> Placed:
    slot = SLOT_OF_STEP.get(reading.event.step.rpartition(".")[2], "")
    made = Placed(reading=reading, slot=slot, why="the journal names the step", phase=course.phase)
    _note(made, course)
    return made


def _note(made: Placed, course: Course) -> None:
    """Let the course go on."""
    reading = made.reading
    if made.slot in ("fix", "tune", "breaker") and course.phase == "before":
        course.phase = "changed"
    if made.slot == "staging" and reading.kind in ("deploy", "restart", "load", "mitigate", "tune", "breaker"):
        course.phase = "staged"
    if made.slot in ("rollout", "roll_back") or (made.slot in ("tune", "breaker") and _acts_at_once(reading)):
        course.phase, course.rolled_once = "rolled", True
    if made.slot == "roll_back" and course.cure_ahead:
        course.phase = "before"  # it was taken back, and is diagnosed anew
    if made.slot == "mitigate" and not course.changes_ahead:
        course.phase, course.rolled_once = "rolled", True
    if made.slot in ("baseline", "sample", "pool", "upstream") and course.phase != "rolled":
        course.stable |= revisions_in(reading.event.output)
    if course.phase == "before":
        course.production |= places_in(reading.line)


def _acts_at_once(reading: Reading) -> bool:
    return (
        bool(reading.line)
        and reading.place not in (STAGING, LOCAL)
        and not re.match(r"(sed|cat|tee|cp|yq|perl)\b", reading.line)
    )


Applies = Callable[[Reading, Course], bool]
Gives = Callable[[Reading, Course], tuple[str, str]]


def _is(*kinds: str) -> Applies:
    def applies(reading: Reading, _course: Course) -> bool:
        return reading.kind in kinds

    return applies


def _always(slot: str, why: str) -> Gives:
    def gives(_reading: Reading, _course: Course) -> tuple[str, str]:
        return slot, why

    return gives


def _deploys_what_was_stable(reading: Reading, course: Course) -> bool:
    if reading.kind not in ("deploy", "restart") or reading.place in (STAGING, LOCAL):
        return False
    if (course.phase in ("changed", "staged") and not course.rolled_once) or "--force-new" in reading.line:
        return False  # what is brought in now is the change
    revisions = revisions_in(reading.line)
    if revisions & course.stable and revisions - course.stable:
        return False  # it shifts from one to the other
    named = {word.strip("'\"") for word in re.split(r"[\s=]", reading.line)} | revisions
    return bool(named & course.stable) or bool(re.search(r"(?i)roll(ing)? ?back|revert|回滚|回退", reading.event.said))


def _in_staging(reading: Reading, _course: Course) -> bool:
    return reading.place == STAGING and reading.kind in OBSERVED | {
        "deploy",
        "restart",
        "load",
        "wait",
        "tune",
        "breaker",
        "mitigate",
    }


def _after_staging(reading: Reading, course: Course) -> bool:
    """An observation between the deployment to staging and that to production, of nothing that names production."""
    if course.phase != "staged" or reading.kind not in OBSERVED - {"heap_report"}:
        return False
    return (
        reading.place == LOCAL
        or not (places_in(reading.line) & course.production)
        or "staging" in reading.event.said.lower()
    )


def _tried_locally(reading: Reading, course: Course) -> bool:
    return course.phase == "changed" and reading.place == LOCAL and reading.kind in OBSERVED | {"load", "deploy"}


def _observed_after_rollout(reading: Reading, course: Course) -> bool:
    if reading.kind == "wait" and course.rolled_once:
        return True
    return course.phase == "rolled" and reading.kind in OBSERVED | {"wait"} - {"heap", "heap_report"}


def _after_rollout(reading: Reading, course: Course) -> tuple[str, str]:
    said = reading.event.said
    if _SAYS_VERIFY.search(said) and not re.search(r"(?i)\bguard|canary|灰度", said):
        return verified_by(course.incident_class), "a look after the rollout that verifies"
    if reading.kind == "wait" and re.match(r"\s*sleep\b", reading.line):
        return "", "only waits"
    if reading.kind in _GUARDED or reading.kind == "wait" or _SAYS_GUARD.search(said):
        return "guard", "a look while it is rolled out"
    return verified_by(course.incident_class), "the same look as before, after the rollout"


def verified_by(incident_class: str) -> str:
    """Return the step that shows the cure: of memory its own, of the other classes the recovery."""
    return "verify" if incident_class == "memory_leak" else "recovered"


def _restarted(reading: Reading, course: Course) -> tuple[str, str]:
    if course.phase in ("changed", "staged"):
        return "rollout", "a restart after the change brings it in"
    if course.phase == "rolled" and not _SAYS_SCALE.search(reading.event.said):
        return "rollout", "a restart that belongs to the rollout"
    return "mitigate", "a restart before anything was changed only relieves"


def _deployed(_reading: Reading, course: Course) -> tuple[str, str]:
    if course.phase == "before":
        return "mitigate", "a deployment before anything was changed only relieves"
    return "rollout", "a deployment to production"


def _reproduced(reading: Reading, course: Course) -> bool:
    """Whether it is tried out here, before anything was changed."""
    return course.phase == "before" and reading.place == LOCAL and reading.kind in ("deploy", "restart", "load")


def _shows_again(_reading: Reading, course: Course) -> tuple[str, str]:
    return course.rulebook.kinds["symptom"].step(course.incident_class) or "", "the symptom, reproduced here"


def _rolled_back_in_staging(reading: Reading, _course: Course) -> bool:
    return reading.kind == "rollback" and reading.place in (STAGING, LOCAL)


def _seen_in_staging(reading: Reading, course: Course) -> tuple[str, str]:
    """Before a change, staging is only where something is looked at."""
    if course.phase != "before" or reading.kind in ("deploy", "load", "mitigate", "restart", "tune", "breaker"):
        return "staging", "in staging"
    return _diagnosed(reading, course)


def _loaded(_reading: Reading, course: Course) -> tuple[str, str]:
    return ("staging", "load after the change") if course.phase != "before" else ("", "load before a change")


_COURSE: Final[tuple[tuple[Applies, Gives], ...]] = (
    (_rolled_back_in_staging, _always("staging", "a rollback tried in staging")),
    (_is("rollback"), _always("roll_back", "a rollback")),
    (_deploys_what_was_stable, _always("roll_back", "it deploys what ran before: a rollback")),
    (_in_staging, _seen_in_staging),
    (_reproduced, _shows_again),
    (_tried_locally, _always("staging", "the change tried before it goes to production")),
    (_is("load"), _loaded),
    (_is("restart"), _restarted),
    (_is("deploy"), _deployed),
    (_is("mitigate"), _always("mitigate", "relief before the cure")),
    (_after_staging, _always("staging", "a look at staging after the change")),
    (_observed_after_rollout, _after_rollout),
)


def _diagnosed(reading: Reading, course: Course) -> tuple[str, str]:
    kind = course.rulebook.kinds[reading.kind]
    return kind.step(course.incident_class) or "", kind.about


def verified(course: list[Placed], incident_class: str) -> list[Placed]:
    """What looked like a guard and comes last is the verification, when there is no other.

    Where settings are all that was brought in, nothing is rolled out that could be guarded: each look verifies.
    """
    slots = [each.slot for each in course]
    if {"tune", "breaker"} & set(slots) and not {"fix", "rollout", "mitigate"} & set(slots):
        slot, why = verified_by(incident_class), "a look once the settings are in"
        return [replace(each, slot=slot, why=why) if each.slot == "guard" else each for each in course]
    if "verify" in slots or "recovered" in slots or slots.count("guard") < 2:
        return course
    last = max(position for position, slot in enumerate(slots) if slot == "guard")
    course[last] = replace(course[last], slot="recovered", why="the last look after the rollout verifies")
    return course
