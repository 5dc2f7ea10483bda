"""Real programs, started for a test and gone after it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.program import Program

PROGRAMS = Path(__file__).parents[1] / "programs"

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start one of tests/programs and wait until it says that it is ready."""
    running: list[subprocess.Popen[str]] = []

    def start_program(name: str | Path, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(PROGRAMS / name), *arguments]
        process = Program(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.line() == "ready\n"
        return process

    yield start_program
    for process in running:
        process.end()
