"""A call of a tool, whatever the tool is called: by its arguments it is a command, an edit, or something read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from leakdoc.playbook.records.event import RecordEvent, Sort

_COMMAND_KEYS: Final = (
    "command",
    "cmd",
    "script",
    "bash_command",
    "commandLine",
    "command_line",
    "shell_command",
    "code",
)
_PATH_KEYS: Final = ("file_path", "path", "filePath", "notebook_path", "target_file", "filename", "file")
_BEFORE_KEYS: Final = ("old_string", "old_str", "oldText", "old", "old_source", "search")
_AFTER_KEYS: Final = (
    "new_string", "new_str", "newText", "new", "new_source", "content", "file_text", "contents", "replace", "text",
    "code_edit",
)  # fmt: skip
_READS: Final = re.compile(r"(?i)read|view|open|cat\b|list|glob|ls\b")
_SEARCHES: Final = ("pattern", "query", "regex")


def call_of(name: str, arguments: Mapping[str, Any], **common: Any) -> RecordEvent:
    """Return the event of a call.

    Args:
        name: of the tool.
        arguments: what it was given.
        common: fields of the event that do not depend on them.
    """
    command = _first(arguments, _COMMAND_KEYS)
    if isinstance(command, list):
        return RecordEvent(sort=Sort.COMMAND, argv=tuple(map(str, command)), **common)
    if isinstance(command, str) and not _first(arguments, _BEFORE_KEYS):
        return RecordEvent(sort=Sort.COMMAND, command=_python(name, command), **common)
    path = _first(arguments, _PATH_KEYS)
    if isinstance(path, str):
        return _of_a_file(name, path, arguments, common)
    return RecordEvent(sort=Sort.COMMAND, argv=_words(name, arguments), **common)


def _python(name: str, command: str) -> str:
    """Return a cell of Python as the command that would run it."""
    if re.search(r"(?i)python|ipython|notebook|jupyter", name):
        return f"python - <<'PY'\n{command}\nPY"
    return command


def _of_a_file(name: str, path: str, arguments: Mapping[str, Any], common: dict[str, Any]) -> RecordEvent:
    edits = arguments.get("edits")
    if isinstance(edits, list):
        pairs = [each for each in edits if isinstance(each, Mapping)]
        before = "\n".join(str(_first(each, _BEFORE_KEYS) or "") for each in pairs)
        after = "\n".join(str(_first(each, _AFTER_KEYS) or "") for each in pairs)
        return RecordEvent(sort=Sort.EDIT, path=path, before=before, after=after, **common)
    before, after = _first(arguments, _BEFORE_KEYS), _first(arguments, _AFTER_KEYS)
    if after is None and isinstance(arguments.get("diff") or arguments.get("patch"), str):
        before, after = sides(str(arguments.get("diff") or arguments.get("patch")))
    if before is not None or (after is not None and not _READS.search(name)):
        return RecordEvent(sort=Sort.EDIT, path=path, before=str(before or ""), after=str(after or ""), **common)
    pattern = _first(arguments, _SEARCHES)
    argv = ("grep", "-rn", str(pattern), path) if pattern is not None else ("cat", path)
    return RecordEvent(sort=Sort.COMMAND, argv=argv, **common)


def sides(diff: str) -> tuple[str, str]:
    """Return the lines that a diff takes away, and those that it adds."""
    lines = [line for line in diff.splitlines() if not line.startswith(("+++", "---"))]
    return tuple("\n".join(line[1:] for line in lines if line.startswith(sign)) for sign in "-+")  # type: ignore[return-value]


def _words(name: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a call that is no command line as words: `mcp__slack__post channel=#ops text=…`."""
    return (name, *(f"{key}={_plain(value)}" for key, value in arguments.items()))


def _plain(value: Any) -> str:
    if isinstance(value, str | int | float | bool):
        return str(value)
    import json

    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _first(arguments: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((arguments[key] for key in keys if arguments.get(key) is not None), None)
