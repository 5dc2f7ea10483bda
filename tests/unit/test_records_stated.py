"""What was said to be well again becomes a parameter with its origin; a condition to go back is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from leakdoc.playbook.library import Source
from leakdoc.playbook.loading import examine
from leakdoc.playbook.records.merging import merged
from leakdoc.playbook.records.writing import as_yaml
from leakdoc.playbook.registry import installed
from tests.records_scenes import edited, leak, playbook_of, said


def with_said(folder: Path, text: str, name: str = "incident.jsonl") -> dict[str, Any]:
    lines = leak()
    return playbook_of(folder, [*lines[:-2], *said(text), *lines[-2:]], name)


def problems_of(data: dict[str, Any]) -> list[str]:
    return [each.text for each in examine(Source(name="x", origin="x", text=as_yaml(data))).problems]


def defaults(data: dict[str, Any]) -> dict[str, Any]:
    names = ("memory_ceiling", "error_ceiling_percent", "watch", "pool_size")
    return {name: data["params"][name]["default"] for name in names if name in data["params"]}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Recovered when it stays below 300 MB for 15 minutes.", {"memory_ceiling": "300MB", "watch": "15m"}),
        ("Unter 0.5 GiB und Fehlerrate unter 1 %.", {"memory_ceiling": "0.5GiB", "error_ceiling_percent": 1.0}),
        (
            "Well: error rate under 0.5%, memory at most 1 GB.",
            {"memory_ceiling": "1GB", "error_ceiling_percent": 0.5},
        ),
        ("内存低于 300MB,持续 15 分钟就算恢复", {"memory_ceiling": "300MB", "watch": "15m"}),
        ("We watch it for 2 hours.", {"watch": "2h"}),
        ("Errors should be under 0.1 percent again.", {"error_ceiling_percent": 0.1}),
        ("错误率要降到 0.5% 以下", {"error_ceiling_percent": 0.5}),
        ("Roll back if RSS > 900 MB for 3 min.", {}),
        ("It used 300 MB for 15 minutes.", {}),
    ],
)
def test_what_was_said_to_hold_is_a_parameter(tmp_path: Path, text: str, found: dict[str, Any]) -> None:
    data = with_said(tmp_path, text)
    assert defaults(data) == found
    for name in found:
        origin = data["provenance"]["params"][name]
        assert origin["origin"] == "literal" and [len(each) for each in origin["events"].values()] == [1]
    assert problems_of(data) == []


def test_the_guard_watches_as_long_as_was_said(tmp_path: Path) -> None:
    data = with_said(tmp_path, "Below 300 MB for 15 minutes.")
    rollout = next(step for step in data["steps"] if step["id"] == "rollout")
    assert rollout["guard"]["with"]["for"] == "${{ params.watch }}"


def test_a_pools_new_size_is_given_to_the_step_that_sets_it(tmp_path: Path) -> None:
    lines = leak()
    tune = edited("src/payments/db.py", "create_engine(url, pool_size=20)", "create_engine(url, pool_size=50)")
    data = playbook_of(tmp_path, [*lines[:-12], *tune, *lines[-12:]])
    step = next(step for step in data["steps"] if step["id"] == "tune")
    assert defaults(data) == {"pool_size": 50} and step["with"]["settings"] == {"size": "${{ params.pool_size }}"}
    assert problems_of(data) == []


def test_of_two_records_the_stricter_holds_whatever_their_order(tmp_path: Path) -> None:
    one = with_said(tmp_path, "Stays below 500 MB for 10 minutes.", "one.jsonl")
    two = with_said(tmp_path, "Stays below 300 MB for 20 minutes.", "two.jsonl")
    both = merged([one, two], installed())
    assert defaults(both) == {"memory_ceiling": "300MB", "watch": "20m"}
    assert both == merged([two, one], installed())
