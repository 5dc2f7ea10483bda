"""Whether the steps that a playbook uses are there, and whether what they are given fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leakdoc.errors import LeakdocError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook.checks.fault import Checked, Fault
from leakdoc.playbook.conversion import problems_with
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.references import references
from leakdoc.playbook.yaml_reading import Place

Used = tuple[Place, str, Mapping[str, Any]]


def steps_are_installed(checked: Checked) -> Iterator[Fault]:
    """Every step that is used can be used."""
    for place, spec in checked.steps():
        for where, name, _ in used_by(place, spec):
            try:
                checked.registry.get(name)
            except LeakdocError as error:
                told = f" ({error.help})" if error.help else ""
                yield Fault((*where, "uses"), f"{error.message}{told}")


def parameters_fit(checked: Checked) -> Iterator[Fault]:
    """Parameters are known, there, and of their type, as far as that can be told before the run."""
    for place, spec in checked.steps():
        earlier = {each: StepResult(outcome=Outcome.PASSED, reason="") for each in checked.before(spec.id)}
        for where, name, values in used_by(place, spec):
            registered = checked.registered(name)
            if registered is None or where[-1] == "verify":
                continue
            later = {each for each, value in values.items() if any(references(value))}
            problems = problems_with(registered.function, values, earlier=earlier, later=later)
            yield from (Fault((*where, "with", each), message) for each, message in problems)


def expectations_are_outputs(checked: Checked) -> Iterator[Fault]:
    """What is expected is among the outputs that the step declares, where it declares any."""
    for place, spec in checked.steps():
        registered = checked.registered(spec.uses)
        if registered is None or registered.outputs is None:
            continue
        for name in spec.expect:
            if name.partition(".")[0] not in registered.outputs:
                known = ", ".join(registered.outputs)
                yield Fault((*place, "expect", name), f"is no output of {registered.name}; there are {known}")


def used_by(place: Place, spec: StepSpec) -> Iterator[Used]:
    """Yield the step itself, its guard and what verifies its rollback: place, name and parameters of each."""
    yield place, spec.uses, spec.with_
    if spec.guard is not None:
        yield (*place, "guard"), spec.guard.uses, spec.guard.with_
    if spec.rollback is not None and spec.rollback.verify is not None:
        yield (*place, "rollback", "verify"), spec.rollback.verify.uses, spec.rollback.verify.with_
