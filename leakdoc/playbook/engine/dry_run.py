"""A dry run: built-in steps that only read may run; everything else says what it would do. No journal is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from leakdoc.model.decision import Outcome
from leakdoc.model.documents import step_result_document
from leakdoc.model.journal import Event, EventType
from leakdoc.model.step import Effect, StepResult
from leakdoc.playbook.checks.params import read_params
from leakdoc.playbook.context import StepContext
from leakdoc.playbook.engine.binding import bound
from leakdoc.playbook.engine.ending import added_up
from leakdoc.playbook.engine.isolation import run_isolated
from leakdoc.playbook.engine.run import NO_JOURNAL, Ran, lacking, writes_of
from leakdoc.playbook.engine.setting import Setting, Stop
from leakdoc.playbook.engine.state import State
from leakdoc.playbook.engine.stepping import held_against, unmet
from leakdoc.playbook.loading import Loaded
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.problems import refuse_parameters
from leakdoc.playbook.references import references
from leakdoc.playbook.registry import PREFIX
from leakdoc.playbook.review import is_to_be_reviewed
from leakdoc.playbook.step import Act
from leakdoc.redact import inert
from leakdoc.units import parse_duration

_LONGEST: Final = 400


def dry_run(loaded: Loaded, given: Mapping[str, Any], setting: Setting) -> Ran:
    """Say what a run would do.

    Raises:
        UsageError: parameters are missing, extra or ill-typed.
    """
    params, problems = read_params(loaded.playbook, given, setting.now())
    refuse_parameters(problems, loaded.source.name)
    state = State(loaded.playbook, writes_of(loaded.playbook, setting.registry))
    state.run, state.params, state.digest = "dry", params, loaded.digest
    for told in lacking(loaded.playbook, setting.registry):
        setting.progress(told)
    for spec in loaded.playbook.steps:
        _look_at(state, spec, setting)
    outcome, reason = added_up(state)
    stop = Stop(outcome=outcome, reason=f"a dry run: {reason}", is_end=True)
    return Ran(state=state, stop=stop, journal=None, head=None)


def _look_at(state: State, spec: StepSpec, setting: Setting) -> None:
    began = setting.now()
    would = list(_why_not(state, spec, setting))
    if would:
        told = "; ".join([_what(state, spec), *would[1:]])
        result = StepResult(outcome=Outcome.SKIPPED, reason=f"would {told} ({would[0]})")
    else:
        setting.progress(f"{spec.id}: {spec.uses}")
        values = bound(state, NO_JOURNAL, spec.with_)
        timeout_s = None if spec.timeout is None else parse_duration(spec.timeout)
        ctx = StepContext(directory=setting.directory, now=setting.now, earlier=state.results)
        result = run_isolated(setting.registry.get(spec.uses), values, ctx, timeout_s, Act.APPLY)
        result = held_against(result, bound(state, NO_JOURNAL, spec.expect))
    document = step_result_document(result)
    common: dict[str, Any] = {"seq": 0, "run": "dry", "step": spec.id}
    state.begun[spec.id] = Event(type=EventType.STEP_INTENT, at=began, **common)
    state.told[spec.id] = Event(
        type=EventType.STEP_RESULT, at=setting.now(), outcome=result.outcome, reason=result.reason,
        outputs=document["outputs"], **common,
    )  # fmt: skip
    state.results[spec.id] = result


def _why_not(state: State, spec: StepSpec, setting: Setting) -> Iterator[str]:
    """Yield why a step does not run in a dry run, then what else would happen there; nothing where it may run."""
    step = setting.registry.get(spec.uses)
    effect = spec.effect or step.effect
    missing = {each.path.split(".")[1] for each in references(spec.with_) if each.path and each.path[:6] == "steps."}
    missing -= {name for name, result in state.results.items() if result.outcome is not Outcome.SKIPPED}
    lacked = None if step.lacks is None else step.lacks(spec.with_)
    if effect is not Effect.READ:
        yield f"effect {effect}"
    elif not step.name.startswith(PREFIX):
        yield "no built-in step"
    elif missing:
        yield f"it needs what {', '.join(sorted(missing))} would hand on"
    elif unmet(state, spec):
        yield f"it needs {', '.join(unmet(state, spec))}"
    elif lacked is not None:
        yield lacked
    else:
        return
    if spec.approval is not None:
        yield f"after an approval by {spec.approval.role}"
    if spec.guard is not None:
        yield f"guarded by {spec.guard.uses}"
    if is_to_be_reviewed(spec):
        yield "not before a person has reviewed it"


def _what(state: State, spec: StepSpec) -> str:
    try:
        values = bound(state, NO_JOURNAL, spec.with_)
    except ValueError:
        values = dict(spec.with_)
    given = {name: value for name, value in values.items() if value is not None}
    told = ", ".join(f"{name}={value}" for name, value in given.items()) or "nothing"
    left = ", ".join(name for name in values if name not in given)
    return inert(f"run {spec.uses} with {told}{f', without {left}' if left else ''}", longest=_LONGEST)
