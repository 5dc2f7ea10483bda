"""Commands that edit files: what they change and what they bring in, so that they are judged as an edit is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from leakdoc.playbook.records.shell.changing import edits_in_place
from leakdoc.playbook.records.shell.commands import Simple
from leakdoc.playbook.records.shell.remembering import written_by


class FileEdit(NamedTuple):
    """A file, and the text that an edit of it brings in."""

    path: str
    added: str


_PATCHED: Final = re.compile(r"(?m)^(?:\+\+\+ (?:b/)?|\*\*\* (?:Update|Add) File: )(?P<path>\S+)")
_ADDED: Final = re.compile(r"(?m)^\+(?!\+\+ )(.*)$")
_PATCHING: Final = {"patch", "apply_patch", "applypatch", "git"}
_SUBSTITUTION: Final = re.compile(
    r"(?<![A-Za-z_.-])s(?P<by>[/|#,@!~])(?:\\.|(?!(?P=by)).)*(?P=by)(?P<to>(?:\\.|(?!(?P=by)).)*)(?P=by)"
)
_SCRIPT_WRITES: Final = re.compile(
    r"\.write_text\(|\.write_bytes\(|open\([^)\n]*,\s*[\"'][wa]\+?[\"']|writeFileSync\(|File\.write\("
)
_SCRIPT_PATH: Final = re.compile(
    r"(?:Path|open|writeFileSync|readFileSync|File\.(?:read|write))\(\s*[\"'](?P<path>[^\"'\n]+)"
)
_REPLACED: Final = re.compile(
    r"(?:\.replace|\.sub|\.gsub)\(\s*r?(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|/(?:[^/\\]|\\.)*/)\s*,\s*(?P<to>.*)"
)
_NO_SOURCE: Final = re.compile(r"^(/tmp|/proc|/dev|/var/(tmp|log))/|\.(log|csv|out|sh)$")


def file_edits(simple: Simple) -> Iterator[FileEdit]:
    """Yield the files that a command edits; of scratch files, logs and scripts of the shell, none."""
    found = (*_patched(simple), *_substituted(simple), *_scripted(simple), *_written(simple))
    yield from (each for each in found if not _NO_SOURCE.search(each.path))


def only_notes(simple: Simple) -> bool:
    """Return whether a document only goes to scratch files and scripts: nothing of it is done yet."""
    paths = list(written_by(simple))
    return bool(paths) and all(_NO_SOURCE.search(path) for path in paths)


def _patched(simple: Simple) -> Iterator[FileEdit]:
    text = simple.fed or next((word for word in simple.argv[1:] if _PATCHED.search(word)), "")
    if simple.program in _PATCHING and (path := _PATCHED.search(text)):
        yield FileEdit(path["path"], "\n".join(_ADDED.findall(text)))


def _substituted(simple: Simple) -> Iterator[FileEdit]:
    if edits_in_place(simple.argv) and len(simple.argv) > 2:
        text = " ".join(simple.argv[1:])
        added = "\n".join(match["to"] for match in _SUBSTITUTION.finditer(text)) or text
        yield FileEdit(simple.argv[-1], added)


def _scripted(simple: Simple) -> Iterator[FileEdit]:
    text = "\n".join((*simple.argv[1:], simple.fed))
    if re.match(r"(python|node|ruby|perl|deno)[\d.]*$", simple.program) and _SCRIPT_WRITES.search(text):
        path = _SCRIPT_PATH.search(text)
        added = "\n".join(match["to"] for match in _REPLACED.finditer(text))
        if path is not None:
            yield FileEdit(path["path"], added or text)


def _written(simple: Simple) -> Iterator[FileEdit]:
    for path in written_by(simple):
        yield FileEdit(path, simple.fed)
