"""Our own journal: the best record there is, since a step names itself and its values have names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from leakdoc.playbook.records.answers import flat
from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.lines import json_lines
from leakdoc.playbook.records.times import seconds
from leakdoc.playbook.records.understanding import Understanding

_SAID: Final = {"note", "choice"}
_APPROVALS: Final = {
    "approval_requested": "Requesting approval for {step}.",
    "approval_granted": "Approved: {step}.",
    "approval_denied": "Not approved, do not go on: {step}.",
}
_DONE: Final = {"step_result", "rollback_result", "step_unknown"}
_QUIET: Final = {
    "run_ended",
    "step_intent",
    "rollback_intent",
    "outbox_queued",
    "outbox_sent",
    "guard_sample",
}


def read(path: Path, noted: Understanding) -> Iterator[RecordEvent]:
    """Yield the events of a journal; a step is told by its result, or by its intent when it has none."""
    intents: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, line in json_lines(path, noted):
        kind = str(line.get("type"))
        if kind == "run_started":
            yield from _begun(line)
        elif kind in ("step_intent", "rollback_intent"):
            intents[_of(line)] = line
        elif kind in _DONE:
            yield _step(line, intents.pop(_of(line), {}), rollback=kind == "rollback_result")
        elif kind == "choice" and line.get("actor") == "leakdoc":
            continue  # what the engine does by itself decides nothing
        elif kind in _SAID or kind in _APPROVALS:
            yield _statement(line, kind)
        elif kind not in _QUIET:
            noted.skip(f"an unknown type ({kind})", f"line {number}")
    for intent in intents.values():
        yield _step({**intent, "outcome": None}, intent, rollback=intent.get("type") == "rollback_intent")


def _begun(line: dict[str, Any]) -> Iterator[RecordEvent]:
    """Yield what the run began with, as the request that it is: its class, and the parameters that were given."""
    inputs = line.get("inputs")
    if not isinstance(inputs, dict):
        return
    playbook = inputs.get("playbook")
    metadata = _mapping(playbook.get("metadata")) if isinstance(playbook, dict) else {}
    given = inputs.get("params")
    values = [f"{name} {value}" for name, value in given.items()] if isinstance(given, dict) else []
    subject = str(metadata.get("incident_class") or metadata.get("name") or "").replace("_", " ")
    if subject:
        yield RecordEvent(
            id=str(line.get("seq", "")),
            sort=Sort.STATEMENT,
            at=seconds(line.get("at")),
            actor=Actor.PERSON,
            session=str(line.get("run", "")),
            text=f"{subject}: {', '.join(values)}" if values else subject,
        )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _of(line: dict[str, Any]) -> tuple[Any, ...]:
    return (
        str(line.get("run")),
        str(line.get("step")),
        str(line.get("attempt")),
        str(line.get("type", "")).startswith("rollback"),
    )


def _step(line: dict[str, Any], intent: dict[str, Any], *, rollback: bool) -> RecordEvent:
    inputs = _mapping(intent.get("inputs") or line.get("inputs"))
    argv = line.get("argv") or intent.get("argv") or _command_of(inputs)
    outputs = line.get("outputs") or {}
    uses = str(line.get("uses") or intent.get("uses") or inputs.get("uses") or line.get("step") or "")
    outcome = line.get("outcome")
    return RecordEvent(
        id=str(intent.get("seq", line.get("seq", ""))) if outcome is None else str(line.get("seq", "")),
        sort=Sort.COMMAND if argv else Sort.STEP,
        at=seconds(intent.get("at", line.get("at"))),
        actor=Actor.AGENT,
        session=str(line.get("run", "")),
        argv=tuple(map(str, argv)) if isinstance(argv, list) else (),
        command=argv if isinstance(argv, str) else "",
        step="leakdoc.roll_back" if rollback else uses,
        text=str(line.get("reason") or ""),
        output=_output(outputs),
        failed=None if outcome is None else outcome in ("failed", "error"),
        values={"inputs": inputs, "outputs": outputs},
    )


def _output(outputs: Any) -> str:
    if not isinstance(outputs, dict):
        return ""
    return flat(outputs.get("output")) or json.dumps(outputs, ensure_ascii=False, sort_keys=True)


def _command_of(inputs: Any) -> Any:
    """Return the words of a step that only runs a command: they say more than that it was one."""
    given = inputs.get("with") if isinstance(inputs, dict) and inputs.get("uses") == "leakdoc.run_command" else None
    return given.get("command") if isinstance(given, dict) else None


def _statement(line: dict[str, Any], kind: str) -> RecordEvent:
    words = str(line.get("reason") or line.get("text") or line.get("choice") or "")
    if kind in _APPROVALS:
        words = f"{_APPROVALS[kind].format(step=line.get('step'))} {words}".strip()
    actor = Actor.AGENT if kind == "approval_requested" or line.get("actor") in ("agent", "leakdoc") else Actor.PERSON
    return RecordEvent(
        id=str(line.get("seq", "")),
        sort=Sort.STATEMENT,
        at=seconds(line.get("at")),
        actor=actor,
        session=str(line.get("run", "")),
        text=words,
    )
