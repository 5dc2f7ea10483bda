"""Playbooks run in this process, with the example package's steps beside the installed ones."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from leakdoc.model.journal import Event
from leakdoc.playbook.engine.run import Ran, resume, start
from leakdoc.playbook.engine.setting import Setting
from leakdoc.playbook.journal.reading import read_journal
from leakdoc.playbook.library import Source
from leakdoc.playbook.loading import Loaded, checked, examine
from leakdoc.playbook.registry import GROUP, Registry, registry_of

HEAD = "apiVersion: leakdoc/v1\nkind: Playbook\nmetadata: {name: x, version: 1.0.0}\n"


def registry() -> Registry:
    """Read the registry anew: the example package is there once its directory is on the path."""
    return registry_of(entry_points(group=GROUP))


def loaded(text: str, steps: Registry) -> Loaded:
    """Read a playbook's body; the head is added."""
    return checked(examine(Source(name="x", origin="x", text=HEAD + text), steps))


def run(text: str, directory: Path, given: Mapping[str, Any] | None = None, **setting: Any) -> Ran:
    """Run a playbook's body to its end, or to where it stops."""
    steps = setting.pop("registry", None) or registry()
    where = Setting(directory=directory, actor="ana", registry=steps, **setting)
    return start(loaded(text, steps), given or {}, where, journal=directory / "run.journal.jsonl")


def go_on(directory: Path, **setting: Any) -> Ran:
    """Resume that run."""
    steps = setting.pop("registry", None) or registry()
    where = Setting(directory=directory, actor="ana", registry=steps, **setting)
    return resume(directory / "run.journal.jsonl", where)


def events(directory: Path) -> tuple[Event, ...]:
    """Return that run's journal."""
    return read_journal(directory / "run.journal.jsonl").events


def told(directory: Path) -> list[str]:
    """Return what the journal tells, shortly: ``step_result rollout passed``."""
    return [
        " ".join(str(word) for word in (each.type, each.step, each.outcome or each.choice) if word is not None)
        for each in events(directory)
    ]


def forget_after(directory: Path, lines: int) -> None:
    """Leave a journal's first lines, as a runner would that was killed there."""
    path = directory / "run.journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))
