"""Incidents that are handled for real, and kept as the records that people have: what was run, and what it said."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.playbooks.layouts import write
from benchmarks.playbooks.source import Event, Written

PATIENCE_S = 120.0


@dataclass(slots=True)
class Handling:
    """Somebody who handles an incident at a shell.

    Args:
        name: the record's.
        directory: where the commands are run.
        environment: what they find in theirs, beside ours.
    """

    name: str
    directory: Path
    environment: dict[str, str]
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        (self.directory / ".curlrc").write_text('connect-to = "::127.0.0.1:"\n')  # whatever a host's name is

    def asked(self, text: str) -> None:
        """What the incident began with."""
        self.events.append(Event(sort="H", truth="noise", said=text))

    def ran(self, said: str, line: str) -> str:
        """Run a command, keep what it said, and return that."""
        done = subprocess.run(
            ["bash", "-c", line], cwd=self.directory, env=self._environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=PATIENCE_S,
        )  # fmt: skip
        self.events.append(
            Event(
                sort="C", truth="noise", said=said, line=line, output=done.stdout.splitlines(),
                failed=done.returncode != 0,
            )
        )  # fmt: skip
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "CURL_HOME": str(self.directory), **self.environment}

    def edited(self, said: str, file: str, old: str, new: str) -> None:
        """Replace a piece of a file."""
        path = self.directory / file
        text = path.read_text()
        assert text.count(old) == 1
        path.write_text(text.replace(old, new))
        self.events.append(
            Event(sort="E", truth="noise", said=said, line=file, before=old.splitlines(), after=new.splitlines())
        )

    def said(self, text: str) -> None:
        """What who handles it says."""
        self.events.append(Event(sort="S", truth="noise", said=text))

    def answered(self, text: str) -> None:
        """What somebody else says to that."""
        self.events.append(Event(sort="P", truth="noise", said=text))

    def record(self, layout: str) -> Path:
        """Write it down in one of the layouts: ``claude``, ``atif`` or ``devin``."""
        return write(Written(name=self.name, about={}, events=self.events), self.directory, layout)


def told(port: int, until: Callable[[str], bool]) -> str:
    """Read a service's numbers again and again until they say what is waited for."""
    url, deadline = f"http://127.0.0.1:{port}/metrics", time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            text: str = answer.read().decode()
        if until(text):
            return text
        time.sleep(0.2)
    raise AssertionError(f"{url} says still: {text}")
