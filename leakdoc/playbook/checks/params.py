"""Parameters' declarations, and the values that a run is given for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leakdoc.playbook.checks.fault import Checked, Fault
from leakdoc.playbook.model import ParamSpec, Playbook
from leakdoc.playbook.param_types import read_param
from leakdoc.playbook.problems import Problem
from leakdoc.redact import inert

_SOME_TIME = 0.0


def params_fit_their_types(checked: Checked) -> Iterator[Fault]:
    """A default is of the type, and among the choices; what is required has none."""
    for name, spec in checked.playbook.params.items():
        place = ("params", name)
        if spec.required and spec.default is not None:
            yield Fault((*place, "default"), "is given for a parameter that is required")
        for index, choice in enumerate(spec.choices or ()):
            if (wrong := _wrong(spec.type, choice)) is not None:
                yield Fault((*place, "choices", index), wrong)
        if spec.default is not None:
            wrong = _wrong(spec.type, spec.default) or _not_chosen(spec, spec.default)
            if wrong is not None:
                yield Fault((*place, "default"), wrong)


def read_params(playbook: Playbook, given: Mapping[str, Any], now: float) -> tuple[dict[str, Any], list[Problem]]:
    """Read what a run is given.

    Returns:
        Every declared parameter's value, null where it was not given, and everything that is wrong.
    """
    problems = [
        Problem(message=f"there is no parameter {inert(name)!r}; there are {', '.join(playbook.params) or 'none'}")
        for name in sorted(given)
        if name not in playbook.params
    ]
    values: dict[str, Any] = {}
    for name, spec in playbook.params.items():
        values[name] = None
        value = given.get(name, spec.default)
        if value is None:
            if spec.required:
                hint = f": {spec.help}" if spec.help else ""
                problems.append(Problem(message=f"parameter {name} is missing{hint}; give it as -p {name}=…"))
            continue
        try:
            values[name] = read_param(spec.type, value, now)
            if (wrong := _not_chosen(spec, values[name])) is not None:
                problems.append(Problem(message=f"parameter {name} {wrong}"))
        except ValueError as error:
            problems.append(Problem(message=f"parameter {name} {error}"))
    return values, problems


def _wrong(type_name: str, value: Any) -> str | None:
    try:
        read_param(type_name, value, _SOME_TIME)
    except ValueError as error:
        return str(error)
    return None


def _not_chosen(spec: ParamSpec, value: Any) -> str | None:
    if spec.choices is None or value in spec.choices:
        return None
    return f"is none of {', '.join(str(each) for each in spec.choices)}"
