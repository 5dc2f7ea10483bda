"""A written incident in the layouts that incidents are recorded in."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.playbooks.source import Event, Written

BEGUN = 1_775_000_000
LAYOUTS = {"claude": "claude.jsonl", "atif": "atif.json", "devin": "devin.jsonl"}


def write(incident: Written, folder: Path, layout: str) -> Path:
    """Write one layout of an incident and return its file."""
    path = folder / f"{incident.name}.{LAYOUTS[layout]}"
    path.write_text(_WRITERS[layout](incident), encoding="utf-8")
    return path


def _at(position: int) -> str:
    return datetime.fromtimestamp(BEGUN + 60 * position, UTC).isoformat().replace("+00:00", "Z")


def _claude(incident: Written) -> str:
    lines: list[dict[str, Any]] = [{"type": "summary", "summary": incident.name, "leafUuid": "0"}]
    for position, event in enumerate(incident.events):
        common = {"sessionId": "s", "isSidechain": False, "timestamp": _at(position)}
        name = incident.id_of(position, "claude")
        if event.sort in "HP":
            lines.append({**common, "type": "user", "uuid": name, "message": {"role": "user", "content": event.said}})
            continue
        blocks: list[dict[str, Any]] = [{"type": "text", "text": event.said}] if event.said else []
        if event.is_call:
            tool, given = _call(event, "Bash", "Edit", "_string")
            blocks.append({"type": "tool_use", "id": name, "name": tool, "input": given})
        uuid = name if event.sort == "S" else f"11111111-{name}"
        lines.append({**common, "type": "assistant", "uuid": uuid, "message": {"role": "assistant", "content": blocks}})
        if event.is_call:
            result = {
                "type": "tool_result",
                "tool_use_id": name,
                "content": "\n".join(event.output),
                "is_error": event.failed,
            }
            lines.append(
                {**common, "type": "user", "uuid": f"2-{name}", "message": {"role": "user", "content": [result]}}
            )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _call(event: Event, shell: str, editor: str, suffix: str) -> tuple[str, dict[str, Any]]:
    """Return the name of the tool that was called, and what it was given."""
    if event.sort == "M":
        return event.tool()
    return (shell, {"command": event.line}) if event.sort == "C" else (editor, _edit(event, suffix))


def _edit(event: Event, suffix: str) -> dict[str, str]:
    key = "file_path" if suffix == "_string" else "path"
    return {key: event.line, f"old{suffix}": "\n".join(event.before), f"new{suffix}": "\n".join(event.after)}


def _atif(incident: Written) -> str:
    steps = []
    for position, event in enumerate(incident.events):
        step: dict[str, Any] = {
            "step_id": position + 1,
            "timestamp": _at(position),
            "source": "user" if event.sort in "HP" else "agent",
            "message": event.said,
        }
        if event.is_call:
            name, given = _call(event, "exec", "edit", "")
            step["tool_calls"] = [{"tool_call_id": f"c{position}", "function_name": name, "arguments": given}]
            step["observation"] = {"results": [{"source_call_id": f"c{position}", "content": "\n".join(event.output)}]}
            step["extra"] = {"exit_code": int(event.failed)}
        steps.append(step)
    return json.dumps({"schema_version": "ATIF-v1.7", "session_id": incident.name, "steps": steps}, ensure_ascii=False)


def _devin(incident: Written) -> str:
    lines: list[dict[str, Any]] = []
    for position, event in enumerate(incident.events):
        name, at = incident.id_of(position, "devin"), BEGUN + 60 * position
        if not event.is_call:
            source = "user" if event.sort in "HP" else "devin"
            lines.append({"event_id": name, "created_at": at, "source": source, "message": event.said})
            continue
        if event.said:
            lines.append({"event_id": f"said-{name}", "created_at": at - 1, "source": "devin", "message": event.said})
        tool, given = _call(event, "exec", "edit", "Text")
        detail: dict[str, Any] = {
            "tool": tool,
            **given,
            **({} if event.sort == "E" else {"exitCode": int(event.failed)}),
        }
        call = {"id": name, "status": "completed", "detail": detail, "output": "\n".join(event.output)}
        lines.append({"event_id": name, "created_at": at, "type": "tool_call", "call": call})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


_WRITERS = {"claude": _claude, "atif": _atif, "devin": _devin}
