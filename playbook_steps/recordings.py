"""The recordings among what earlier steps handed on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from leakdoc.errors import DamagedSource
from leakdoc.model.step import EvidenceFile, StepResult
from leakdoc.playbook import evidence_file

Given = Sequence[StepResult | Path]


def recordings_in(given: Given) -> list[Path]:
    """Return the recordings among what was given, each once, unchanged since a step named its hash."""
    found: dict[Path, None] = {}
    for each in given:
        if isinstance(each, Path):
            found[each] = None
        elif isinstance(each.outputs.get("recording"), str):
            path = Path(str(each.outputs["recording"]))
            _refuse_if_changed(path, each)
            found[path] = None
    return list(found)


def _refuse_if_changed(path: Path, result: StepResult) -> None:
    for item in result.evidence:
        if isinstance(item, EvidenceFile) and item.path == str(path) and item.sha256 != evidence_file("", path).sha256:
            raise DamagedSource(f"{path} has changed since {result.step} recorded it")
