"""What docs/heap.md shows can be typed."""

from __future__ import annotations

import pytest

from leakdoc.cli.parser import full_parser
from tests.docs.commands import leakdoc_commands

SHOWN = [command for document, command in leakdoc_commands() if document == "docs/heap.md"]


@pytest.mark.parametrize("command", SHOWN, ids=" ".join)
def test_every_command_is_one(command: list[str]) -> None:
    assert full_parser().parse_args(command[1:]).execute
