"""Two playbooks may name the same step differently: what one has learned is put into the other's names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Data = dict[str, Any]


def aligned(learned: Data, to: Data) -> Data:
    """Return a playbook with its steps called as another one calls the steps that use the same."""
    theirs = {step["uses"]: step["id"] for step in reversed(to["steps"])}
    taken = {step["id"] for step in to["steps"]}
    names: dict[str, str] = {}
    for step in learned["steps"]:
        name = theirs.get(step["uses"], step["id"])
        if name == step["id"] and step["uses"] not in theirs and name in taken:
            name = f"{name}_of_record"  # another step has that name there
        if name != step["id"]:
            names[step["id"]] = name
    if not names:
        return learned
    renamed: Data = {**learned, "steps": [_step(step, names) for step in learned["steps"]]}
    provenance = learned.get("provenance", {})
    steps = {names.get(step_id, step_id): each for step_id, each in provenance.get("steps", {}).items()}
    return {**renamed, "provenance": {**provenance, "steps": steps}}


def _step(step: Data, names: Mapping[str, str]) -> Data:
    made: Data = {key: _value(value, names) for key, value in step.items()}
    made["id"] = names.get(step["id"], step["id"])
    made["uses"] = step["uses"]
    return made


def _value(value: Any, names: Mapping[str, str]) -> Any:
    """Rename steps wherever a step's field names one: alone, before an outcome, or inside a reference."""
    if isinstance(value, dict):
        return {key: _value(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner, names) for inner in value]
    if not isinstance(value, str):
        return value
    if value in names:
        return names[value]
    step_id, dot, outcome = value.partition(".")
    if dot and step_id in names and outcome in ("passed", "failed", "inconclusive", "error", "skipped"):
        return f"{names[step_id]}.{outcome}"
    return re.sub(r"\bsteps\.([\w-]+)\.", lambda match: f"steps.{names.get(match[1], match[1])}.", value)
