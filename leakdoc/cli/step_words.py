"""Steps and their results as lines and as documents, for ``leakdoc step``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from leakdoc.model.step import EvidenceFile, StepResult
from leakdoc.playbook.conversion import schema_of
from leakdoc.playbook.registry import Registry
from leakdoc.playbook.step import Step
from leakdoc.redact import inert

STEP: Final = "leakdoc.step/1"
STEPS: Final = "leakdoc.steps/1"
_LONGEST: Final = 500


def step_document(step: Step) -> dict[str, Any]:
    """Lay a step out: what it does to the world, and the JSON Schema of its parameters."""
    return {
        "schema": STEP,
        **_head(step),
        "timeout_s": step.timeout_s,
        "idempotent": step.idempotent or step.effect == "read",
        "parameters": schema_of(step.function, step.name, step.summary),
    }


def registry_document(registry: Registry) -> dict[str, Any]:
    """Lay out what is installed, and what of it cannot be used."""
    return {
        "schema": STEPS,
        "steps": [_head(step) for step in registry.steps.values()],
        "refused": [{"name": each.name, "origin": each.origin, "reason": each.reason} for each in registry.refused],
    }


def listed(registry: Registry) -> Iterator[str]:
    """Yield a line for each step."""
    width = max((len(name) for name in registry.steps), default=0)
    for step in registry.steps.values():
        yield f"{step.name:{width}}  {step.effect:7}  {step.summary}"


def shown(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to know of a step."""
    scope = "" if document["scope"] == "none" else f", {document['scope']}"
    yield f"{document['name']}  ({document['effect']}{scope})"
    yield document["summary"]
    yield ""
    yield "parameters:"
    required = document["parameters"]["required"]
    for name, schema in document["parameters"]["properties"].items():
        yield f"  {name:10} {_described(schema, is_required=name in required)}"
        for field, inner in schema.get("properties", {}).items():
            yield f"    {name}.{field}  {_described(inner, is_required=False)}"


def told(result: StepResult) -> Iterator[str]:
    """Yield a step's result: how it ended and why, what it hands on, and the files that this rests on."""
    yield f"{result.outcome.upper()}  {result.step}: {inert(result.reason, longest=_LONGEST)}"
    for name, value in result.outputs.items():
        if value is None or isinstance(value, str | int | float):
            yield f"  {name}: {inert(str(value), longest=_LONGEST) if value is not None else 'unknown'}"
    for item in result.evidence:
        if isinstance(item, EvidenceFile):
            yield f"  evidence: {inert(item.path, longest=_LONGEST)} ({item.name}, sha256 {item.sha256})"


def _head(step: Step) -> dict[str, Any]:
    return {"name": step.name, "summary": step.summary, "effect": str(step.effect), "scope": str(step.scope)}


def _described(schema: Mapping[str, Any], *, is_required: bool) -> str:
    said = [schema.get("description", "")]
    if is_required:
        said.append("(required)")
    elif schema.get("default") not in (None, [], {}):
        said.append(f"(default: {schema['default']})")
    return " ".join(filter(None, said))
