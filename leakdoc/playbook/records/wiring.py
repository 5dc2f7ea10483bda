"""What each step of an extracted playbook is given, as far as the installed step takes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from leakdoc.errors import LeakdocError
from leakdoc.playbook.records.step_kinds import BY_ID
from leakdoc.playbook.registry import Registry

_TARGET: Final = "${{ params.target }}"
_SERVICE: Final = "${{ params.service }}"
_DSN: Final = "${{ params.db_dsn }}"
_LOOK: Final = (("for", "${{ params.look }}"), ("interval", "${{ params.interval }}"))
_REVISION: Final = "${{ steps.fix.outputs.revision }}"

# For each step, what it may be given, the likeliest first; `steps.X` needs X to be there, and `params.X` is declared.
_WIRES: Final[Mapping[str, tuple[tuple[str, Any], ...]]] = {
    "sample": (("target", _TARGET), *_LOOK, ("whole", True)),
    "growth": (
        ("trace", "${{ steps.sample.outputs.recording }}"),
        ("policy.smallest", "${{ params.smallest_growth }}"),
    ),
    "connections": (("target", _TARGET), *_LOOK, ("postgres", _DSN)),
    "pool": (("target", _TARGET), *_LOOK, ("postgres", _DSN)),
    "upstream": (("target", _TARGET), *_LOOK),
    "heap": (("target", _TARGET),),
    "locate": (
        ("source", "${{ params.source }}"),
        ("heap", "${{ steps.heap.outputs.lines }}"),
        ("openers", "${{ steps.connections.outputs.openers }}"),
        ("openers", "${{ steps.pool.outputs.openers }}"),
        ("openers", "${{ steps.upstream.outputs.openers }}"),
    ),
    "mitigate": (("service", _SERVICE),),
    "fix": (
        ("revision", "${{ params.revision }}"),
        ("places", "${{ steps.locate.outputs.places }}"),
        ("service", _SERVICE),
    ),
    "tune": (("service", _SERVICE), ("advice", "${{ steps.pool.outputs.diagnosis }}")),
    "breaker": (
        ("service", _SERVICE),
        ("peer", "${{ steps.upstream.outputs.upstream }}"),
        ("advice", "${{ steps.upstream.outputs.diagnosis }}"),
    ),
    "regression_test": (
        ("path", "${{ params.test_file }}"),
        ("service", _SERVICE),
        ("lines", "${{ steps.heap.outputs.lines }}"),
        ("holders", "${{ steps.heap.outputs.holders }}"),
    ),
    "baseline": (("service", _SERVICE),),
    "staging": (("service", _SERVICE), ("revision", _REVISION), *_LOOK),
    "rollout": (("service", _SERVICE), ("revision", _REVISION)),
    "roll_back": (
        ("service", _SERVICE),
        ("revision", "${{ steps.baseline.outputs.revision }}"),
        ("to", "${{ steps.baseline.outputs.revision }}"),
    ),
    "verify": (("target", _TARGET), ("before", ("sample", "growth", "connections")), *_LOOK),
    "recovered": (
        ("target", _TARGET),
        *_LOOK,
        ("before", ("pool", "upstream", "sample")),
        ("baseline", "${{ params.normal }}"),
        ("started_at", "${{ params.started_at }}"),
    ),
    "monitoring": (
        ("rules", "${{ params.alert_rules }}"),
        ("file", "${{ params.rules_file }}"),
        ("service", _SERVICE),
    ),
    "summary": (
        ("channel", "${{ params.channel }}"),
        ("token", "${{ params.slack }}"),
        ("webhook", "${{ params.webhook }}"),
    ),
}
_GUARD: Final = (("before", ("sample",)), ("target", _TARGET), *_LOOK)


def wires(step_id: str, present: list[str], registry: Registry) -> dict[str, Any]:
    """Return the parameters of a step.

    Args:
        step_id: one of `STEP_KINDS`.
        present: the ids of the steps ahead of it.
    """
    return _given(_WIRES.get(step_id, ()), BY_ID[step_id].uses, present, registry)


def guard_wires(uses: str, present: list[str], registry: Registry) -> dict[str, Any]:
    """Return the parameters of what guards a rollout."""
    return _given(_GUARD, uses, present, registry)


def _given(wanted: tuple[tuple[str, Any], ...], uses: str, present: list[str], registry: Registry) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, value in wanted:
        if name in given or not _taken(uses, name.partition(".")[0], registry):
            continue
        if isinstance(value, tuple):
            value = [each for each in value if each in present]
            if value:
                given[name] = value
        elif not str(value).startswith("${{ steps.") or _there(value, present, registry):
            given[name] = value
    return given


def _taken(uses: str, name: str, registry: Registry) -> bool:
    try:
        return registry.get(uses).takes(name)
    except LeakdocError:
        return True  # a step that is not installed is reported by the check of the playbook


def _there(reference: str, present: list[str], registry: Registry) -> bool:
    _, step_id, _, output = reference.strip("${} ").split(".")
    if step_id not in present:
        return False
    try:
        outputs = registry.get(BY_ID[step_id].uses).outputs
    except LeakdocError:
        return True
    return outputs is None or output in outputs
