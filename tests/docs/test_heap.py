"""What docs/heap.md shows can be typed."""

from __future__ import annotations

import pytest

from leakdoc.cli.parser import full_parser
from tests.docs.commands import blocks, leakdoc_commands

SHOWN = [command for document, command in leakdoc_commands() if document == "docs/heap.md"]


def test_the_snippet_runs() -> None:
    snippets = [block.text for block in blocks("python") if block.document == "docs/heap.md"]
    assert len(snippets) == 1
    exec(compile(snippets[0], "docs/heap.md", "exec"), {})


@pytest.mark.parametrize("command", SHOWN, ids=" ".join)
def test_every_command_is_one(command: list[str]) -> None:
    assert full_parser().parse_args(command[1:]).execute
