"""What ``${{ … }}`` stands for in a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from leakdoc.model.documents import step_result_document
from leakdoc.playbook.engine.state import State
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.references import bind, dig, references, with_references_replaced
from leakdoc.playbook.secret_refs import is_reference
from leakdoc.units import format_time

SCRIPTS: Final = ("command", "probe", "undo")


def look_up(state: State, journal: Path, path: str) -> Any:
    """Return what a dotted path stands for; null where it leads nowhere."""
    root, *rest = path.split(".")
    if root == "params":
        return dig(state.params, rest)
    if root == "run":
        return dig(_run(state, journal), rest)
    result = state.results.get(rest[0]) if rest else None
    return None if result is None else dig(step_result_document(result), rest[1:])


def bound(state: State, journal: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters with their references replaced, in one pass.

    Raises:
        ValueError: a list or a mapping stands within longer text.
    """
    found: dict[str, Any] = bind(values, lambda path: look_up(state, journal, path))
    return found


def values_for(state: State, journal: Path, spec: StepSpec) -> dict[str, Any]:
    """Return a step's parameters, bound; what a shell's script refers to reaches it as environment variables.

    Raises:
        ValueError: a reference does not fit where it stands, or foreign text would be read as a secret's name.
    """
    values, wanted = dict(spec.with_), spec.with_.get("env")
    wanted = dict(wanted) if isinstance(wanted, Mapping) else {}
    if spec.shell:
        scripts: dict[str, Any] = {name: values[name] for name in SCRIPTS if name in values}
        bare, variables = scripted(scripts)
        values |= {**bare, "shell": True}
        wanted |= variables
    if wanted:
        values["env"] = wanted
    values = bound(state, journal, values)
    if wanted:
        values["env"] = {name: _text(state, wanted[name], value, name) for name, value in values["env"].items()}
    return values


def scripted(scripts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return scripts with a variable in place of each reference, and what the variables stand for."""
    variables: dict[str, str] = {}

    def replaced(reference: str) -> str:
        name = f"LEAKDOC_VALUE_{len(variables) + 1}"
        variables[name] = reference
        return f"${{{name}}}"

    def bare(script: Any) -> Any:
        if isinstance(script, list | tuple):
            return [bare(each) for each in script]
        return with_references_replaced(script, replaced) if isinstance(script, str) else script

    return {name: bare(script) for name, script in scripts.items()}, variables


def _text(state: State, written: Any, value: Any, name: str) -> Any:
    """An environment variable's text; a secret's name only where the playbook itself names a secret."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    text = "" if value is None else str(value) if isinstance(value, int | float) else value
    if isinstance(text, str) and is_reference(text) and not _names_a_secret(state, written):
        raise ValueError(f"env.{name} holds text that reads as a secret's name, and is no secret of the playbook's")
    return text


def _names_a_secret(state: State, written: Any) -> bool:
    paths = [each.path for each in references(written)]
    if not paths:
        return True
    known = state.playbook.params
    name = str(paths[0]).removeprefix("params.")
    return len(paths) == 1 and name in known and known[name].type == "secret_ref"


def _run(state: State, journal: Path) -> dict[str, Any]:
    return {
        "id": state.run,
        "journal": str(journal),
        "playbook": state.playbook.metadata.name,
        "started_at": None if state.started_at is None else format_time(state.started_at),
    }
