"""Small incident records for tests, in Claude Code's layout, and the playbooks that come out of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from leakdoc.playbook.records.building import built
from leakdoc.playbook.records.extracting import Incident, read_incident
from leakdoc.playbook.records.rulebook import own_rules
from leakdoc.playbook.registry import installed

Line = dict[str, Any]
PROMPT = "payments in namespace prod is OOM killed by a memory leak. Source is src/payments. Summary to #incidents."


def person(text: str, **more: Any) -> list[Line]:
    return [_line("user", text, **more)]


def said(text: str, **more: Any) -> list[Line]:
    return [_line("assistant", [{"type": "text", "text": text}], **more)]


def did(command: str, output: Any = "", *, say: str = "", failed: bool = False, **more: Any) -> list[Line]:
    name = name_of(command)
    blocks = [{"type": "text", "text": say}] if say else []
    call = {"type": "tool_use", "id": name, "name": "Bash", "input": {"command": command}}
    answer = {"type": "tool_result", "tool_use_id": name, "content": output, "is_error": failed}
    return [_line("assistant", [*blocks, call], **more), _line("user", [answer], **more)]


def name_of(what: str) -> str:
    """Return the name of the call of a command, or of the edit of a path."""
    return f"toolu_{hashlib.sha256(what.encode()).hexdigest()[:20]}"


def edited(path: str, old: str, new: str, **more: Any) -> list[Line]:
    given = {"file_path": path, "old_string": old, "new_string": new}
    call = {"type": "tool_use", "id": name_of(path), "name": "Edit", "input": given}
    answer = {"type": "tool_result", "tool_use_id": name_of(path), "content": "ok", "is_error": False}
    return [_line("assistant", [call], **more), _line("user", [answer], **more)]


def _line(kind: str, content: Any, **more: Any) -> Line:
    line = {"type": kind, "sessionId": "s", "isSidechain": False, "message": {"role": kind, "content": content}, **more}
    text = json.dumps(content, sort_keys=True)
    return {"uuid": f"uuid-{hashlib.sha256(text.encode()).hexdigest()[:12]}", **line}


def leak(*, service: str = "payments", driver: str = "psycopg") -> list[Line]:
    """Return a whole memory leak, from the prompt to the summary."""
    place = f"src/{service}/ledger.py"
    return [
        *person(PROMPT.replace("payments", service)),
        *did(f"kubectl -n prod get pods -l app={service}", f"{service}-7c9d8b6f5d-x2k4q 1/1 Running 3", say="State."),
        *did(f"kubectl -n prod exec {service}-7c9d8b6f5d-x2k4q -- grep VmRSS /proc/17/status", "VmRSS: 422104 kB"),
        *said("Decision: RSS climbs without a plateau, 0.7 MiB/s. Threshold used: slope > 0.05 MiB/s."),
        *did("kubectl -n prod exec x-7c9d8b6f5d-x2k4q -- py-spy dump --pid 17", "idle", say="Maybe threads pile up?"),
        *said("One idle thread only. Thread pile-up ruled out."),
        *did(
            "PGPASSWORD=hunter2-S3cret psql -h db.example.com -p 5432 -d pay -c 'select 1 from pg_stat_activity'",
            "981",
        ),
        *said("Decision: 981 sessions are idle; nobody closes them."),
        *did("memray attach -o /tmp/a.bin 17", "Wrote /tmp/a.bin"),
        *did(f"rg -n '{driver}.connect' src/{service}", f"{place}:88: conn = {driver}.connect(dsn)"),
        *edited(place, f"conn = {driver}.connect(dsn)", "with pool.connection() as conn:"),
        *did(f"pytest -q tests/{service}/test_ledger.py", "2 passed"),
        *did(f"kubectl rollout history deploy/{service} -n prod", "REVISION  CHANGE-CAUSE\n41        stable"),
        *said(f"Rollback plan: kubectl rollout undo deploy/{service} -n prod --to-revision=41 if 5xx > 1%."),
        *did(f"kubectl -n staging set image deploy/{service} api=r.example.com/{service}:1.2.4", "updated"),
        *did(f"hey -z 5m https://{service}.staging.example.com/", "200"),
        *said("Staging is flat. Requesting approval for prod."),
        *person("Approved. - Dana (dana@example.com)"),
        *did(f"kubectl -n prod set image deploy/{service} api=r.example.com/{service}:1.2.4", "updated"),
        *did("kubectl -n prod exec deploy/x -- grep VmRSS /proc/1/status", "VmRSS: 213940 kB", say="Verify memory."),
        *did("slackcli post '#incidents' 'all is well'", "posted"),
    ]


def record(folder: Path, lines: Iterable[Line], name: str = "incident.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def incident_of(folder: Path, lines: Iterable[Line], name: str = "incident.jsonl") -> Incident:
    return read_incident(record(folder, lines, name))


def playbook_of(folder: Path, lines: Iterable[Line], name: str = "incident.jsonl") -> dict[str, Any]:
    return built(incident_of(folder, lines, name), own_rules(), installed())
