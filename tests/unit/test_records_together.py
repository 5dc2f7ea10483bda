"""Incidents of one class, two at a time: what is merged or improved is still a playbook that can be run."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.playbooks.layouts import write
from benchmarks.playbooks.measuring import playbook_of
from benchmarks.playbooks.source import all_written
from leakdoc.playbook.library import Source
from leakdoc.playbook.loading import examine
from leakdoc.playbook.records.extracting import read_incident
from leakdoc.playbook.records.improving import improved
from leakdoc.playbook.records.merging import merged
from leakdoc.playbook.records.writing import as_yaml
from leakdoc.playbook.registry import installed

CLASSES = ("memory_leak", "connection_pool_exhaustion", "cascading_timeouts")


def problems(data: dict[str, Any]) -> list[str]:
    found = examine(Source(name="x", origin="x", text=as_yaml(data)), installed())
    return [str(each) for each in found.problems]


@pytest.mark.parametrize("incident_class", CLASSES)
def test_what_is_merged_or_improved_can_be_run(tmp_path: Path, incident_class: str) -> None:
    of_class = [each for each in all_written() if each.about["class"] == incident_class]
    playbooks = [playbook_of(read_incident(write(each, tmp_path, "claude"))) for each in of_class]
    for one, other in pairwise(playbooks):
        assert problems(merged([one, other], installed())) == []
        assert problems(improved(one, other, (), installed())[0]) == []


@pytest.mark.parametrize("incident_class", CLASSES[1:])
def test_what_is_no_leak_is_held_against_the_time_before_the_incident(tmp_path: Path, incident_class: str) -> None:
    """Without it the last step could not decide, nor could a rollback."""
    one = next(each for each in all_written() if each.about["class"] == incident_class)
    data = playbook_of(read_incident(write(one, tmp_path, "claude")))
    steps = {each["id"]: each for each in data["steps"]}
    assert steps["recovered"]["with"]["baseline"] == "${{ params.normal }}"
    assert steps["recovered"]["with"]["started_at"] == "${{ params.started_at }}"
    assert steps["staging"]["with"]["shows"] == "no_fault"
    assert {"normal", "started_at"} <= data["params"].keys()
    assert steps["rollout"]["rollback"] == {"to": "${{ steps.baseline.outputs.revision }}"}
