"""Guards, rollbacks, effects and secrets: what keeps a playbook from doing harm."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from leakdoc.model.step import Effect, Scope
from leakdoc.playbook.checks.fault import Checked, Fault
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.step import Step
from leakdoc.playbook.yaml_reading import Place
from leakdoc.redact import without_secrets

_EFFECTS: Final = tuple(Effect)
_SCOPES: Final = tuple(Scope)
_BY_REFERENCE: Final = re.compile(r"\$\{\{.*?\}\}|\$\{?\w+\}?|\b(?:env|file):\S+", re.DOTALL)


def guards_and_rollbacks_fit(checked: Checked) -> Iterator[Fault]:
    """They stand at steps that write; what watches and what verifies only reads."""
    for place, spec in checked.steps():
        registered = checked.registered(spec.uses)
        if registered is not None:
            yield from _of_a_step(place, spec, registered)
        for where, name in _watchers(place, spec):
            watcher = checked.registered(name)
            if watcher is not None and watcher.effect is not Effect.READ:
                yield Fault(where, f"{watcher.name} does not only read")


def _of_a_step(place: Place, spec: StepSpec, registered: Step) -> Iterator[Fault]:
    for field in ("guard", "rollback", "approval"):
        if getattr(spec, field) is not None and registered.effect in (Effect.READ, Effect.CAPTURE):
            yield Fault((*place, field), f"stands at a step that changes nothing: {registered.name}")
    if (spec.rollback is not None or spec.guard is not None) and registered.undo is None:
        yield Fault((*place, "rollback" if spec.rollback else "guard"), f"{registered.name} cannot be taken back")
    if spec.shell and not registered.takes("shell"):
        yield Fault((*place, "shell"), f"{registered.name} runs no command of the playbook's")
    if "shell" in spec.with_:
        yield Fault((*place, "with", "shell"), "belongs beside `with`, as a field of the step")


def _watchers(place: Place, spec: StepSpec) -> Iterator[tuple[Place, str]]:
    if spec.guard is not None:
        yield (*place, "guard", "uses"), spec.guard.uses
    if spec.rollback is not None and spec.rollback.verify is not None:
        yield (*place, "rollback", "verify"), spec.rollback.verify.uses


def effects_are_only_tightened(checked: Checked) -> Iterator[Fault]:
    """A playbook may call a step more dangerous than it says of itself, never less."""
    for place, spec in checked.steps():
        registered = checked.registered(spec.uses)
        if registered is None:
            continue
        if spec.effect is not None and _EFFECTS.index(spec.effect) < _EFFECTS.index(registered.effect):
            yield Fault((*place, "effect"), f"{registered.name} is {registered.effect}, which {spec.effect} loosens")
        if spec.scope is not None and _SCOPES.index(spec.scope) < _SCOPES.index(registered.scope):
            yield Fault((*place, "scope"), f"{registered.name} is {registered.scope}, which {spec.scope} loosens")


def no_secret_is_written(checked: Checked) -> Iterator[Fault]:
    """Secrets are given as env:NAME or file:PATH."""
    for place, spec in checked.steps():
        for where, text in _texts(spec.model_dump(by_alias=True, exclude_defaults=True), place):
            bare = _BY_REFERENCE.sub("", text)
            if without_secrets(bare) != bare:
                yield Fault(where, "holds what looks like a secret; give it as env:NAME or file:PATH")


def _texts(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, (*place, str(key)))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _texts(each, (*place, index))
