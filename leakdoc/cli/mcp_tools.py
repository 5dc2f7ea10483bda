"""Steps that only read as tools: what of their parameters an agent may give, and how that is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from leakdoc.cli.mcp_scope import Scope
from leakdoc.errors import UsageError
from leakdoc.model.step import Effect
from leakdoc.playbook.conversion import Parameter, parameters_of, schema_of
from leakdoc.playbook.registry import PREFIX, Registry
from leakdoc.playbook.step import Step
from leakdoc.redact import inert
from leakdoc.units import parse_duration

COMMANDS: Final = frozenset({"command", "call", "probe", "undo", "shell", "env"})
RECORDINGS: Final = frozenset({"trace", "before", "after", "recording", "recordings"})
MINE: Final = frozenset({"for", "interval", "policy", "most", "smallest", "limit", "load"})  # numbers and thresholds
LONGEST_S: Final = 3_600.0


def tools_of(registry: Registry, scope: Scope) -> dict[str, Step]:
    """Return the steps that are tools, by the tool's name: those that read, run no command, and can be given all."""
    return {name: step for name, step in _candidates(registry) if _can_be_called(step, scope)}


def input_schema(step: Step, scope: Scope) -> dict[str, Any]:
    """Return the JSON Schema of what an agent may give."""
    whole = schema_of(step.function, step.name, step.summary)
    names = [each.name for each in _offered(step, scope)]
    properties = {name: whole["properties"][name] for name in names}
    for name in names:
        if name == "target":
            properties[name] = {"type": "string", "enum": list(scope.targets), "description": "what to look at"}
        elif name in RECORDINGS:
            properties[name] = _of_recordings(step, name)
    shared = {key: value for key, value in whole.items() if key == "$defs"}
    return {
        "type": "object",
        "properties": properties,
        "required": [each for each in whole["required"] if each in names],
        "additionalProperties": False,
        **shared,
    }


def arguments_of(step: Step, scope: Scope, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read what an agent gives, and add what it does not choose.

    Raises:
        UsageError: an argument is not the agent's to give, or not in scope.
    """
    offered = {each.name for each in _offered(step, scope)}
    extra = sorted(name for name in given if name.partition(".")[0] not in offered)
    if extra:
        told = ", ".join(inert(name, longest=80) for name in extra[:5])
        known = ", ".join(sorted(offered)) or "none"
        raise UsageError(f"not an argument of this tool: {told}", help=f"There are: {known}.")
    read = {name: _read(name, value, scope) for name, value in given.items() if value is not None}
    fixed = {name: value for name, value in scope.settings.items() if step.takes(name)}
    return {**read, **fixed}


def asked_s(arguments: Mapping[str, Any]) -> float:
    """Return the seconds that arguments ask for."""
    asked = arguments.get("for")
    return parse_duration(str(asked)) if asked is not None else 0.0


def _candidates(registry: Registry) -> Iterator[tuple[str, Step]]:
    for step in registry.steps.values():
        names = {each.name for each in parameters_of(step.function)}
        if step.effect is Effect.READ and not names & COMMANDS:
            yield step.name.removeprefix(PREFIX).replace(".", "_"), step


def _can_be_called(step: Step, scope: Scope) -> bool:
    """Whether every parameter that a step has to be given is the agent's to give, or was configured."""
    required = set(schema_of(step.function, step.name, step.summary)["required"])
    return required <= {each.name for each in _offered(step, scope)} | set(scope.settings)


def _offered(step: Step, scope: Scope) -> list[Parameter]:
    return [each for each in parameters_of(step.function) if _is_offered(each.name, scope)]


def _is_offered(name: str, scope: Scope) -> bool:
    if name in scope.settings:
        return False
    if name == "target":
        return bool(scope.targets)
    return name in RECORDINGS or name in MINE


def _of_recordings(step: Step, name: str) -> dict[str, Any]:
    one = {"type": "string", "description": "the name of a recording, as list_recordings says"}
    parameter = next(each for each in parameters_of(step.function) if each.name == name)
    return {"type": "array", "items": one} if parameter.is_list else one


def _read(name: str, value: Any, scope: Scope) -> Any:
    if name == "target":
        return scope.target(value)
    if name in RECORDINGS:
        return [scope.recording(each) for each in value] if isinstance(value, list) else scope.recording(value)
    if name == "for" and (not isinstance(value, str | int | float) or parse_duration(str(value)) > LONGEST_S):
        raise UsageError("`for` takes a duration of at most 1h")
    return value
