"""Commands and snippets as they stand in the documents, found and made runnable."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "CONTRIBUTING.md")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the document, its language and its text."""

    document: str
    language: str
    text: str


def blocks(*languages: str) -> list[Block]:
    """Return the fenced blocks of all documents in these languages."""
    return [
        Block(path.relative_to(ROOT).as_posix(), language, text)
        for path in DOCUMENTS
        for language, text in FENCE.findall(path.read_text(encoding="utf-8"))
        if language in languages
    ]


def commands(block: Block) -> list[list[str]]:
    """Return the commands of a console block: the lines that follow a prompt, without comments."""
    lines = (line.strip() for line in block.text.splitlines())
    return [shlex.split(line[2:], comments=True) for line in lines if line.startswith("$ ")]


def leakdoc_commands() -> list[tuple[str, list[str]]]:
    """Return every leakdoc command that the documents show, with its document, in order."""
    return [
        (block.document, command)
        for block in blocks("console", "text", "sh", "bash")
        for command in commands(block)
        if command[:1] == ["leakdoc"]
    ]
