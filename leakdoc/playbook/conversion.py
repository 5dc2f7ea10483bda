"""A step's annotations as a JSON Schema, and as the reader of what a caller gives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from pydantic import PydanticSchemaGenerationError, TypeAdapter, ValidationError

from leakdoc.errors import StepError, UsageError
from leakdoc.model.step import StepResult
from leakdoc.playbook.parameters import Param, Quantity
from leakdoc.playbook.policy_parameter import PolicyReading, is_policy
from leakdoc.redact import inert

REQUIRED: Final = inspect.Parameter.empty
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a step.

    Args:
        name: as callers outside of Python write it.
        keyword: as the function names it.
        adapter: reads and describes its values.
        default: `REQUIRED` when it has none.
        is_list: whether it takes several values.
        quantity: how its numbers are written, where they have a unit.
    """

    name: str
    keyword: str
    adapter: TypeAdapter[Any]
    default: Any
    is_list: bool
    quantity: Quantity | None
    help: str


@cache
def parameters_of(function: Callable[..., StepResult]) -> tuple[Parameter, ...]:
    """Return the keyword-only parameters of a step's function, in order.

    Raises:
        StepError: an annotation names what is not defined, or is no type that can be read from JSON.
    """
    try:
        hints = get_type_hints(function, include_extras=True)
        signature = inspect.signature(function).parameters.values()
        return tuple(_parameter(each, hints[each.name]) for each in signature if each.kind is each.KEYWORD_ONLY)
    except (NameError, AttributeError, TypeError, PydanticSchemaGenerationError) as error:
        raise StepError(f"the annotations of {function.__qualname__} cannot be read: {error}") from None


def schema_of(function: Callable[..., StepResult], title: str, description: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a step's parameters."""
    parameters = parameters_of(function)
    schemas, shared = TypeAdapter.json_schemas([(each.name, "validation", each.adapter) for each in parameters])
    return {
        "$schema": _DIALECT,
        "title": title,
        "description": description,
        "type": "object",
        "properties": {each.name: schemas[each.name, "validation"] | _said_of(each) for each in parameters},
        "required": [each.name for each in parameters if each.default is REQUIRED],
        "additionalProperties": False,
        **shared,
    }


def convert(
    function: Callable[..., StepResult],
    values: Mapping[str, Any],
    *,
    earlier: Mapping[str, StepResult] | None = None,
) -> dict[str, Any]:
    """Read the values that a caller gives for a step's parameters.

    Args:
        function: the step's.
        values: Python values, JSON values or text, by either name of a parameter; ``policy.smallest`` sets one
            field of the parameter `policy`.
        earlier: the results that a parameter may refer to by id.

    Returns:
        The function's keyword arguments; what has a default and was not given, or given as null, is left out.

    Raises:
        UsageError: parameters are missing, unknown or of the wrong type; all are named.
    """
    parameters = parameters_of(function)
    arguments, problems = _read(parameters, values, earlier or {}, frozenset())
    if problems:
        known = ", ".join(each.name for each in parameters) or "none"
        told = "; ".join(message for _, message in problems)
        raise UsageError(told, help=f"The step's parameters: {known}.")
    return arguments


def problems_with(
    function: Callable[..., StepResult],
    values: Mapping[str, Any],
    *,
    earlier: Mapping[str, StepResult] | None = None,
    later: Collection[str] = (),
) -> list[tuple[str, str]]:
    """Return what is wrong with values, each with the parameter it is of, as far as it can be told now.

    Args:
        later: the names of values that will be known only later.
    """
    return _read(parameters_of(function), values, earlier or {}, frozenset(_nested(dict.fromkeys(later))))[1]


def _read(
    parameters: tuple[Parameter, ...],
    values: Mapping[str, Any],
    earlier: Mapping[str, StepResult],
    later: frozenset[str],
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    given = _nested(values)
    names = {each.keyword: each.name for each in parameters} | {each.name: each.name for each in parameters}
    problems = [(inert(name), f"{inert(name)} is not a parameter") for name in sorted(given) if name not in names]
    by_name = {names[name]: value for name, value in given.items() if name in names}
    arguments: dict[str, Any] = {}
    for each in parameters:
        if each.name in later or each.keyword in later:
            continue
        value = by_name.get(each.name)
        try:
            arguments |= _argument(each, value, {"earlier": earlier})
        except ValidationError as error:
            problems += [(each.name, text) for text in _repeated(each, value) or _problems(each.name, error)]
        except UsageError as error:
            problems.append((each.name, error.message))
    return arguments, problems


def _argument(parameter: Parameter, value: Any, context: dict[str, Any]) -> dict[str, Any]:
    if value is None:
        if parameter.default is REQUIRED:
            raise UsageError(f"{parameter.name} is missing")
        return {}
    if parameter.is_list and not isinstance(value, list | tuple):
        value = [value]
    return {parameter.keyword: parameter.adapter.validate_python(value, context=context)}


def _parameter(declared: inspect.Parameter, annotation: Any) -> Parameter:
    inner, *extras = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    told = next((each for each in extras if isinstance(each, Param)), Param(help=""))
    quantity = next((each for each in extras if isinstance(each, Quantity)), None)
    if is_policy(inner):
        start = inner() if declared.default is REQUIRED else declared.default
        annotation = Annotated[inner, PolicyReading(start)]
    return Parameter(
        name=told.name or declared.name,
        keyword=declared.name,
        adapter=TypeAdapter(annotation),
        default=declared.default,
        is_list=get_origin(inner) in (list, tuple),
        quantity=quantity,
        help=told.help,
    )


def _said_of(parameter: Parameter) -> dict[str, Any]:
    said: dict[str, Any] = {"description": parameter.help} if parameter.help else {}
    default = parameter.default
    if parameter.quantity is not None and isinstance(default, int | float):
        said["default"] = parameter.quantity.text(default)
    elif default is not REQUIRED and not is_dataclass(default):
        said["default"] = _as_json(default)
    return said


def _as_json(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Gather ``policy.smallest`` and its like under ``policy``."""
    nested = {name: value for name, value in values.items() if "." not in name}
    for name, value in values.items():
        outer, dot, inner = name.partition(".")
        if dot:
            fields = nested.get(outer)
            nested[outer] = {**(fields if isinstance(fields, dict) else {}), inner: value}
    return nested


def _repeated(parameter: Parameter, value: Any) -> list[str]:
    """Say that a parameter of one value was given several; nothing where that is not what is wrong."""
    if parameter.is_list or not isinstance(value, list) or len(value) < 2:
        return []
    return [f"{parameter.name} was given {'twice' if len(value) == 2 else f'{len(value)} times'}, and takes one value"]


def _problems(name: str, error: ValidationError) -> list[str]:
    """One line for each value that does not fit; the members of a union say the same of one value only once."""
    said: dict[str, None] = {}
    for each in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in (name, *each["loc"]) if isinstance(part, int) or part == name)
        reason = str(each["ctx"]["error"]) if each["type"] == "value_error" else each["msg"]
        said[inert(f"{place}: {reason}", longest=500)] = None
    return list(said)
