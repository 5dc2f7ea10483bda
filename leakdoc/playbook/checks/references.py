"""Whether every ``${{ … }}``, and every path that an approval binds, leads somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from leakdoc.playbook.checks.fault import Checked, Fault
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.references import references
from leakdoc.playbook.yaml_reading import Place

OF_A_STEP: Final = ("outputs", "outcome", "reason", "evidence")
OF_THE_RUN: Final = ("id", "journal", "playbook", "started_at")


def references_lead_somewhere(checked: Checked) -> Iterator[Fault]:
    """References name parameters, results of earlier steps, or the run."""
    for place, spec in checked.steps():
        before = checked.before(spec.id)
        for where, value, known in _places(place, spec, before):
            for each in references(value):
                message = "is no reference" if each.path is None else _wrong(checked, each.path, known)
                if message is not None:
                    yield Fault((*where, *each.place), f"{each.text}: {message}")
        for index, path in enumerate(spec.approval.binds if spec.approval is not None else ()):
            message = _wrong(checked, path, before)
            if message is not None:
                yield Fault((*place, "approval", "binds", index), f"{path}: {message}")


def _places(place: Place, spec: StepSpec, before: list[str]) -> Iterator[tuple[Place, Any, list[str]]]:
    """Yield what may hold references, with the steps that have a result by then."""
    yield (*place, "with"), spec.with_, before
    yield (*place, "expect"), spec.expect, before
    if spec.guard is not None:
        yield (*place, "guard", "with"), spec.guard.with_, [*before, spec.id]
    if spec.rollback is not None:
        yield (*place, "rollback", "to"), spec.rollback.to, before
        if spec.rollback.verify is not None:
            yield (*place, "rollback", "verify", "with"), spec.rollback.verify.with_, [*before, spec.id]


def _wrong(checked: Checked, path: str, before: list[str]) -> str | None:
    root, *rest = path.split(".")
    if root == "params":
        if len(rest) == 1 and rest[0] in checked.playbook.params:
            return None
        return f"there is no parameter {'.'.join(rest)}"
    if root == "run":
        return None if len(rest) == 1 and rest[0] in OF_THE_RUN else f"of the run there are {', '.join(OF_THE_RUN)}"
    if root != "steps":
        return "begins with none of params, steps and run"
    return _wrong_of_a_step(checked, rest, before)


def _wrong_of_a_step(checked: Checked, rest: list[str], before: list[str]) -> str | None:
    if not rest or rest[0] not in before:
        return f"{rest[0] if rest else 'nothing'} is no earlier step"
    if len(rest) < 2 or rest[1] not in OF_A_STEP:
        return f"of a step there are {', '.join(OF_A_STEP)}"
    if rest[1] != "outputs" or len(rest) < 3:
        return None
    spec = next(each for each in checked.playbook.steps if each.id == rest[0])
    registered = checked.registered(spec.uses)
    if registered is None or registered.outputs is None or rest[2] in registered.outputs:
        return None
    return f"{registered.name} has no output {rest[2]}; there are {', '.join(registered.outputs)}"
