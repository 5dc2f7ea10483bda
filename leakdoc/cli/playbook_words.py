"""Playbooks as lines and as documents, for ``leakdoc playbook list|show|check``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leakdoc.errors import LeakdocError
from leakdoc.playbook.loading import Examined, Loaded
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.registry import Registry
from leakdoc.redact import inert, without_secrets

CHECK: Final = "leakdoc.playbook-check/1"
PLAYBOOK: Final = "leakdoc.playbook/1"
PLAYBOOKS: Final = "leakdoc.playbooks/1"
_LONGEST: Final = 300


def check_document(examined: Examined) -> dict[str, Any]:
    """Lay out what was found wrong; what needs an incident record to be told is null or empty."""
    return {
        "schema": CHECK,
        "playbook": examined.source.name,
        "problems": [
            {"line": each.line, "path": inert(each.path), "message": _plain(each.message)} for each in examined.problems
        ],
        "record": None,
        "covered": [],
        "uncovered": [],
        "order": None,
        "parameters": {"resolved": {}, "missing": []},
    }


def problems_told(examined: Examined) -> Iterator[str]:
    """Yield a line for each problem, or one that says that none was found."""
    name = inert(examined.source.origin if examined.source.path else examined.source.name)
    for each in examined.problems:
        yield f"{name}: {each.text}"
    if not examined.problems:
        steps = len(examined.playbook.steps) if examined.playbook else 0
        yield f"{name}: no problem found in {steps} step{'' if steps == 1 else 's'}"


def library_document(examined: Sequence[Examined]) -> dict[str, Any]:
    """Lay out the installed playbooks."""
    return {
        "schema": PLAYBOOKS,
        "playbooks": [
            {**_head(each), "origin": each.source.origin, "problems": len(each.problems)} for each in examined
        ],
    }


def listed(examined: Sequence[Examined]) -> Iterator[str]:
    """Yield a line for each installed playbook."""
    heads = [_head(each) for each in examined]
    width = max((len(str(head["name"])) for head in heads), default=0)
    for each, head in zip(examined, heads, strict=True):
        wrong = f"  ({len(each.problems)} problems: leakdoc playbook check {head['name']})" if each.problems else ""
        yield f"{head['name']:{width}}  {head['description'] or head['incident_class'] or ''}{wrong}"


def playbook_document(loaded: Loaded, registry: Registry) -> dict[str, Any]:
    """Lay out what a playbook takes and does."""
    playbook = loaded.playbook
    return {
        "schema": PLAYBOOK,
        "name": playbook.metadata.name,
        "version": playbook.metadata.version,
        "incident_class": playbook.metadata.incident_class,
        "description": playbook.metadata.description,
        "digest": loaded.digest,
        "params": {
            name: {"type": spec.type, "required": spec.required, "default": spec.default, "help": spec.help}
            for name, spec in playbook.params.items()
        },
        "steps": [_step(spec, registry) for spec in playbook.steps],
        "advice": list(playbook.advice),
        "forbidden": list(playbook.forbidden),
    }


def shown(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to know of a playbook."""
    yield f"{document['name']} {document['version']}" + (
        f"  ({document['incident_class']})" if document["incident_class"] else ""
    )
    if document["description"]:
        yield _plain(document["description"])
    yield ""
    yield "parameters:"
    width = max((len(name) for name in document["params"]), default=0)
    for name, spec in document["params"].items():
        default = "" if spec["default"] is None else f" (default: {_plain(str(spec['default']))})"
        required = " (required)" if spec["required"] else ""
        yield f"  {name:{width}}  {spec['type']}{required}{default}  {_plain(spec['help'])}".rstrip()
    yield ""
    yield "steps:"
    for each in document["steps"]:
        yield "  " + _step_line(each)
    for word in ("advice", "forbidden"):
        yield from _bullets(word, document[word])


def _bullets(word: str, texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield ""
        yield f"{word}:"
        yield from (f"  - {_plain(text)}" for text in texts)


def _step(spec: StepSpec, registry: Registry) -> dict[str, Any]:
    try:
        registered = registry.get(spec.uses)
    except LeakdocError:
        effect, scope, summary = None, None, None
    else:
        effect, scope = spec.effect or registered.effect, spec.scope or registered.scope
        summary = registered.summary
    return {
        "id": spec.id,
        "uses": spec.uses,
        "effect": effect,
        "scope": scope,
        "summary": summary,
        "approval": spec.approval.role if spec.approval is not None else None,
        "guard": spec.guard.uses if spec.guard is not None else None,
        "rollback": spec.rollback is not None,
        "always": spec.always,
        "review": spec.review is True,
    }


def _step_line(step: Mapping[str, Any]) -> str:
    marks = [str(step["effect"])] + ([str(step["scope"])] if step["scope"] not in (None, "none") else [])
    marks += [f"approval by {step['approval']}"] if step["approval"] else []
    marks += [f"guarded by {step['guard']}"] if step["guard"] else []
    marks += ["can be rolled back"] if step["rollback"] else []
    marks += ["always"] if step["always"] else []
    marks += ["to be reviewed"] if step["review"] else []
    return f"{step['id']}: {step['uses']} ({', '.join(marks)})"


def _head(examined: Examined) -> dict[str, Any]:
    metadata = examined.playbook.metadata if examined.playbook is not None else None
    return {
        "name": examined.source.name,
        "version": metadata.version if metadata else None,
        "incident_class": metadata.incident_class if metadata else None,
        "description": metadata.description if metadata else None,
    }


def _plain(text: str) -> str:
    return without_secrets(inert(text, longest=_LONGEST))
