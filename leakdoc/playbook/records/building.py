"""A playbook out of one incident: its steps, wired, with their parameters and where each came from."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any, Final

from leakdoc.playbook.model import API_VERSION, KIND
from leakdoc.playbook.records.advising import advice, forbidden
from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.ordering import in_order
from leakdoc.playbook.records.placing import Placed, verified_by
from leakdoc.playbook.records.rulebook import Rulebook
from leakdoc.playbook.records.stated import bind, stated
from leakdoc.playbook.records.step_kinds import BY_ID
from leakdoc.playbook.records.thresholds import smallest_growth
from leakdoc.playbook.records.tracing import provenance, slot_of
from leakdoc.playbook.records.unmapped import NOTE, SLOT, review_step
from leakdoc.playbook.records.wiring import guard_wires, wires
from leakdoc.playbook.registry import Registry

Data = dict[str, Any]

ALWAYS: Final = ("heap", "staging", "baseline", "summary")  # the mission's own; added where an incident had none
_DEPLOYED: Final = ("fix", "rollout")  # so are these, but for an incident that settings alone ended
_SETTINGS: Final = ("tune", "breaker")
_FOUND: Final = {"pool": "steps.pool.outputs.decision", "upstream": "steps.upstream.outputs.upstream"}
GUARD: Final = "leakdoc.guard_rollout"
_NOUNS: Final = {
    "memory_leak": "a memory leak", "connection_pool_exhaustion": "an exhausted connection pool",
    "cascading_timeouts": "cascading timeouts",
}  # fmt: skip
_HOLDS: Final = {
    "service": "the service", "target": "pid, :port, container or Prometheus workload",
    "source": "where the service's code is",
    "db_dsn": "the database, as env:NAME or file:PATH", "channel": "where the summary goes",
    "revision": "the fixed revision, where the fix is made already",
    "look": "how long each look lasts at most",
    "interval": "between samples",
    "test_file": "where the regression test is written to",
    "normal": "samples from before the incident: what to come back to",
    "started_at": "when the incident began, where the samples reach back to before it",
    "alert_rules": "alert rules, as Prometheus reads them; `leakdoc rules` prints some",
    "rules_file": "where the rules are written to, where no hook takes them",
    "slack": "a Slack bot's token, as env:NAME or file:PATH; without it or a webhook the summary is told here",
    "webhook": "a webhook in its place, as env:NAME or file:PATH",
    "smallest_growth": "growth below this is not called a leak",
}  # fmt: skip


def built(incident: Incident, rulebook: Rulebook, registry: Registry) -> Data:
    """Return the playbook as plain data, as its file holds it."""
    slots = _slots(incident)
    unmapped = slots.pop(SLOT, [])
    ids = in_order(slots, incident)
    smallest = smallest_growth(incident)
    data: Data = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": _metadata(incident),
        "params": _params(incident, ids, smallest),
        "steps": [_step(step_id, ids[:position], ids, registry) for position, step_id in enumerate(ids)],
        "provenance": provenance(incident, ids, slots, rulebook),
        "advice": list(advice(incident, rulebook)),
        "forbidden": list(forbidden(incident.incident_class, cured_by_size="tune" in ids and not slots.get("fix"))),
    }
    _keep_to_what_is_declared(data)
    bind(data, stated(incident), data["provenance"]["records"][0])
    _add_for_review(data, unmapped, incident)
    return data


def _add_for_review(data: Data, unmapped: list[Placed], incident: Incident) -> None:
    """Put what no rule fits ahead of the change, each with its mark."""
    for each in unmapped:
        step = review_step(each, incident.entities, set(data["params"]))
        if step["id"] in data["provenance"]["steps"]:
            continue
        ids = [known["id"] for known in data["steps"]]
        data["steps"].insert(ids.index("fix") if "fix" in ids else len(ids), step)
        seen = {
            "support": "1/1",
            "events": {data["provenance"]["records"][0]: [each.reading.event.id]},
            "notes": [NOTE],
        }
        data["provenance"]["steps"][step["id"]] = seen


def _metadata(incident: Incident) -> Data:
    return {
        "name": incident.incident_class.replace("_", "-"),
        "version": "1.0.0",
        "incident_class": incident.incident_class,
        "description": f"From the symptoms of {_NOUNS.get(incident.incident_class, 'an incident')} to a proof",
    }


def _slots(incident: Incident) -> dict[str, list[Placed]]:
    slots: dict[str, list[Placed]] = {}
    for each in incident.course:
        if each.kept:
            slots.setdefault(slot_of(each), []).append(each)
    by_settings = any(each in slots for each in _SETTINGS) and not any(each in slots for each in _DEPLOYED)
    deployed = () if by_settings else _DEPLOYED
    for always in (*ALWAYS, *deployed, verified_by(incident.incident_class), *_needed(incident.incident_class)):
        slots.setdefault(always, [])
    return slots


def _needed(incident_class: str) -> tuple[str, ...]:
    """Return the steps without which others have nothing to go by."""
    return ("sample", "growth") if incident_class == "memory_leak" else ("sample",)


def _step(step_id: str, before: list[str], ids: list[str], registry: Registry) -> Data:
    step: Data = {"id": step_id, "uses": BY_ID[step_id].uses}
    if given := wires(step_id, before, registry):
        step["with"] = given | (_without_growth(ids) if step_id == "staging" else {})
    step.update(copy.deepcopy(_FIXED.get(step_id, {})))
    if shape := _SHAPES.get(step_id):
        step.update(shape(before, ids))
    if "guard" in step and (watched := guard_wires(GUARD, before, registry)):
        step["guard"]["with"] = watched | _without_growth(ids)
    return step


def _without_growth(ids: list[str]) -> Data:
    """Where the cure is not of memory, there is no growth to prove gone: the new build shows no fault."""
    return {} if "verify" in ids else {"shows": "no_fault"}


def _approval(before: list[str], *found: str) -> Data:
    binds = list(found) + [
        path
        for path, step in (("steps.fix.outputs.revision", "fix"), ("steps.staging.evidence", "staging"))
        if step in before
    ]
    return {"approval": {"role": "incident_commander", **({"binds": binds} if binds else {}), "expires": "2h"}}


def _staging(before: list[str], _ids: list[str]) -> Data:
    return {"then": {"failed": {"repeat": {"from": "fix", "max": 3}}}} if "fix" in before else {}


def _rollout(before: list[str], ids: list[str]) -> Data:
    shape: Data = {
        "needs": [f"{step}.passed" for step in ("staging", "baseline") if step in before],
        **_approval(before),
    }
    shape["guard"] = {"uses": GUARD, "inconclusive": "pause"}
    shape["rollback"] = {"to": "${{ steps.baseline.outputs.revision }}"}
    return shape | ({"then": {"failed": "continue"}} if "roll_back" in ids else {})


def _roll_back(before: list[str], _ids: list[str]) -> Data:
    return {"needs": ["rollout.failed"]} if "rollout" in before else _approval(before)


def _verify(before: list[str], _ids: list[str]) -> Data:
    changed = next((each for each in ("rollout", *_SETTINGS) if each in before), None)
    return {"needs": [f"{changed}.passed"], "then": {"failed": {"rollback": changed}}} if changed else {}


def _written(before: list[str], _ids: list[str]) -> Data:
    return _approval(before)


def _set(before: list[str], ids: list[str]) -> Data:
    """Change settings: where nothing is rolled out, that is what staging goes ahead of, and what is taken back."""
    if "rollout" in ids:
        return _approval(before)
    found = next((path for step, path in _FOUND.items() if step in before), None)
    needs = [f"{step}.passed" for step in ("staging", "baseline") if step in before]
    return {"needs": needs, **_approval(before, *([found] if found else [])), "rollback": {}}


_FIXED: Final[dict[str, Data]] = {
    "growth": {
        "expect": {"decision": "leaking"},
        "then": {"failed": {"end": "not_a_leak"}, "inconclusive": {"repeat": {"from": "sample", "max": 2}}},
    },
    "pool": {
        "expect": {"decision": ["exhausted", "leaking"]},
        "then": {"failed": {"end": "no_pool_is_exhausted"}, "inconclusive": {"repeat": {"from": "pool", "max": 2}}},
    },
    "upstream": {
        "expect": {"decision": ["unresponsive", "leaking"]},
        "then": {
            "failed": {"end": "every_upstream_answers"},
            "inconclusive": {"repeat": {"from": "upstream", "max": 2}},
        },
    },
    "monitoring": {"then": {"error": "continue"}},
    "connections": {"then": {"inconclusive": "continue", "error": "continue"}},  # memory is what leaks
    "heap": {"then": {"error": "continue", "failed": "continue", "inconclusive": "continue"}},
    "locate": {"then": {"error": "continue", "failed": "continue", "inconclusive": "continue"}},
    "regression_test": {"then": {"error": "continue"}},
    "summary": {"always": True, "then": {"error": "continue"}},
}
_SHAPES: Final[dict[str, Callable[[list[str], list[str]], Data]]] = {
    "staging": _staging,
    "rollout": _rollout,
    "roll_back": _roll_back,
    "verify": _verify,
    "recovered": _verify,
    "mitigate": _written,
    "tune": _set,
    "breaker": _set,
}


def _params(incident: Incident, ids: list[str], smallest: str | None) -> Data:
    params: Data = {
        "service": {"type": "service", "required": True, "help": _HOLDS["service"]},
        "target": {"type": "target", "required": True, "help": _HOLDS["target"]},
        "source": {"type": "path", "help": _HOLDS["source"]},
        "db_dsn": {"type": "secret_ref", "help": _HOLDS["db_dsn"]},
        "channel": {"type": "slack_channel", "default": "#incidents", "help": _HOLDS["channel"]},
    }
    params["slack"] = {"type": "secret_ref", "help": _HOLDS["slack"]}
    params["webhook"] = {"type": "secret_ref", "help": _HOLDS["webhook"]}
    params["revision"] = {"type": "revision", "help": _HOLDS["revision"]}
    params["look"] = {"type": "duration", "default": "10m", "help": _HOLDS["look"]}
    params["interval"] = {"type": "duration", "default": "1s", "help": _HOLDS["interval"]}
    if "regression_test" in ids:
        params["test_file"] = {"type": "path", "default": "tests/test_incident.py", "help": _HOLDS["test_file"]}
    if "recovered" in ids:
        params["normal"] = {"type": "path", "help": _HOLDS["normal"]}
        params["started_at"] = {"type": "time", "help": _HOLDS["started_at"]}
    if "monitoring" in ids:
        params["alert_rules"] = {"type": "text", "help": _HOLDS["alert_rules"]}
        params["rules_file"] = {"type": "path", "help": _HOLDS["rules_file"]}
    if smallest is not None and "growth" in ids:
        params["smallest_growth"] = {"type": "rate", "default": smallest, "help": _HOLDS["smallest_growth"]}
    for each in incident.declared:
        if each.name not in params:
            params[each.name] = {"type": each.type, "help": _help(each.name, each.origin, each.slot)}
    return params


def _help(name: str, origin: str, slot: str) -> str:
    found = f"comes out of step {slot}" if slot else "comes out of an earlier look"
    came = {"prompt": "named when the incident began", "output": found, "literal": "known to who handled it"}[origin]
    return f"{name.replace('_', ' ')}: {came}"


def _keep_to_what_is_declared(data: Data) -> None:
    """A step is not wired to a parameter that nobody declared."""
    for step in data["steps"]:
        given = step.get("with", {})
        for name in [
            name for name, value in given.items() if _param_of(value) and _param_of(value) not in data["params"]
        ]:
            del given[name]
        if "with" in step and not given:
            del step["with"]


def _param_of(value: Any) -> str:
    match = re.fullmatch(r"\$\{\{ params\.(\w+) \}\}", value) if isinstance(value, str) else None
    return match[1] if match else ""
