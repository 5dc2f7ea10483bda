"""The order of steps: ids, what needs what, and what follows an outcome."""

from __future__ import annotations

from collections.abc import Iterator

from leakdoc.model.step import Effect
from leakdoc.playbook.checks.fault import Checked, Fault


def ids_are_unique(checked: Checked) -> Iterator[Fault]:
    """No two steps have one id."""
    seen: set[str] = set()
    for place, spec in checked.steps():
        if spec.id in seen:
            yield Fault((*place, "id"), f"{spec.id} is the id of an earlier step")
        seen.add(spec.id)


def needs_are_of_earlier_steps(checked: Checked) -> Iterator[Fault]:
    """A need names a step that has ended by then."""
    for place, spec in checked.steps():
        for index, need in enumerate(spec.needs):
            step_id = need.partition(".")[0]
            if step_id not in checked.before(spec.id):
                yield Fault((*place, "needs", index), f"{step_id} is no earlier step")


def what_follows_is_there(checked: Checked) -> Iterator[Fault]:
    """Repeats go back, and rollbacks take back what was written by then."""
    for place, spec in checked.steps():
        here = [*checked.before(spec.id), spec.id]
        for outcome, action in spec.then.items():
            where = (*place, "then", str(outcome))
            if action.repeat is not None and action.repeat.from_ not in here:
                yield Fault((*where, "repeat", "from"), f"{action.repeat.from_} is no step up to this one")
            if action.repeat is not None and spec.always:
                yield Fault((*where, "repeat"), "cannot follow a step that always runs at the end")
            if action.rollback is None:
                continue
            if action.rollback not in here:
                yield Fault((*where, "rollback"), f"{action.rollback} is no step up to this one")
            elif not _writes(checked, action.rollback):
                yield Fault((*where, "rollback"), f"{action.rollback} writes nothing that could be taken back")


def _writes(checked: Checked, step_id: str) -> bool:
    spec = next(each for each in checked.playbook.steps if each.id == step_id)
    registered = checked.registered(spec.uses)
    return registered is None or registered.effect is Effect.WRITE
