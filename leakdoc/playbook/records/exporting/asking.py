"""What a playbook's user is asked for, in groups: what must be given, what may be, and what only commands speak of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.playbook.model import ParamSpec, Playbook
from leakdoc.playbook.references import references

NEEDED: Final = ""
OPTIONAL: Final = "Optional"
HAS_A_DEFAULT: Final = "Has a default"
ONLY_SEEN: Final = "Only words in commands that were seen"


def asked_for(playbook: Playbook) -> Iterator[tuple[str, list[str]]]:
    """Yield the groups, each with its title and a line for each parameter; the first, without a title, is needed."""
    taken = taken_by_steps(playbook)
    groups: dict[str, list[str]] = {NEEDED: [], OPTIONAL: [], HAS_A_DEFAULT: [], ONLY_SEEN: []}
    for name, spec in playbook.params.items():
        groups[_group(spec, name in taken)].append(_told(name, spec))
    roles = sorted({spec.approval.role for spec in playbook.steps if spec.approval})
    groups[NEEDED] += [f"An approval by {role.replace('_', ' ')}" for role in roles]
    yield from ((title, lines) for title, lines in groups.items() if lines)


def taken_by_steps(playbook: Playbook) -> frozenset[str]:
    """Return the names of the parameters that a step refers to."""
    steps = [each.model_dump(by_alias=True) for each in playbook.steps]
    paths = [each.path.split(".") for each in references(steps) if each.path]
    return frozenset(path[1] for path in paths if path[0] == "params" and len(path) > 1)


def _group(spec: ParamSpec, taken: bool) -> str:
    if spec.required:
        return NEEDED
    if not taken:
        return ONLY_SEEN
    return OPTIONAL if spec.default is None else HAS_A_DEFAULT


def _told(name: str, spec: ParamSpec) -> str:
    default = "" if spec.default is None else f", default `{spec.default}`"
    choices = f", one of {', '.join(map(str, spec.choices))}" if spec.choices else ""
    return f"`{name}` ({spec.type}{default}{choices}){': ' + spec.help if spec.help else ''}"
