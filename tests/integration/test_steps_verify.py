"""`verify_normalized` refuses while any channel that leaked before is unproven after."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import leakdoc
from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import EvidenceFile, StepResult
from leakdoc.playbook import StepContext
from leakdoc.playbook.running import run_step

START = 1_700_000_000
EVERY_S = 5
PEER = "10.0.0.5:5432"


@dataclass(frozen=True, kw_only=True)
class Service:
    """What a made-up service does: growth a second of each of its channels."""

    bytes_per_s: float = 0.0
    connections_per_s: float | None = 0.0
    descriptors_per_s: float = 0.0
    samples: int = 240

    def write(self, path: Path, *, first_at: int, seed: int) -> Path:
        rng = random.Random(seed)
        rows = [self._row(number, rng) for number in range(self.samples)]
        header = ["time", "rss_bytes", "open_fds", "requests_total"]
        if self.connections_per_s is not None:
            header.append("connections")
        lines = [header, *([first_at + number * EVERY_S, *row] for number, row in enumerate(rows))]
        path.write_text("".join(",".join(map(str, line)) + "\n" for line in lines))
        return path

    def _row(self, number: int, rng: random.Random) -> Sequence[int]:
        at = number * EVERY_S
        row = [
            int(100e6 + self.bytes_per_s * at + rng.gauss(0, 2e5)),
            int(30 + self.descriptors_per_s * at + rng.random()),
            number * 50,
        ]
        connections = [] if self.connections_per_s is None else [int(10 + self.connections_per_s * at + rng.random())]
        return [*row, *connections]


LEAKY = Service(bytes_per_s=20e3, connections_per_s=0.05, descriptors_per_s=0.05)
FIXED = Service()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    later = START + 9_000
    LEAKY.write(folder / "before.csv", first_at=START, seed=1)
    FIXED.write(folder / "fixed.csv", first_at=later, seed=2)
    replace(FIXED, connections_per_s=0.05).write(folder / "connections_leak.csv", first_at=later, seed=3)
    replace(FIXED, connections_per_s=None).write(folder / "connections_unread.csv", first_at=later, seed=4)
    replace(FIXED, samples=20).write(folder / "short.csv", first_at=later, seed=5)
    replace(LEAKY, connections_per_s=None, descriptors_per_s=0.0).write(
        folder / "memory_only.csv", first_at=START, seed=6
    )
    return folder


def verified(directory: Path, **values: Any) -> StepResult:
    return run_step("verify_normalized", values, StepContext(directory=directory))


def connections_said(decision: str, *, slope: float | None = None, detectable: float | None = None) -> StepResult:
    """What a step that looked at connections would have handed on."""
    finding = {
        "detector": "unclosed_connections",
        "metric": "connections",
        "decision": decision,
        "slope_per_hour": None if slope is None else {"estimate": slope, "low": None, "high": None},
        "smallest_detectable_per_hour": detectable,
        "evidence": {"peer": PEER},
    }
    return StepResult(
        step="leakdoc.find_unclosed_connections",
        outcome=Outcome.PASSED,
        reason="",
        outputs={"decision": decision, "diagnosis": {"schema": "leakdoc.diagnosis/1", "findings": [finding]}},
    )


def test_it_passes_when_all_that_leaked_is_normalized(folder: Path, tmp_path: Path) -> None:
    result = verified(tmp_path, before=folder / "before.csv", after=folder / "fixed.csv")
    assert result.outcome is Outcome.PASSED, result.reason
    assert result.outputs["decision"] == "normalized"
    proof = Path(str(result.outputs["proof"]))
    assert json.loads(proof.read_text())["decision"] == "normalized"
    files = {each.name: each for each in result.evidence if isinstance(each, EvidenceFile)}
    assert set(files) == {"proof", "before", "after"}
    assert leakdoc.recheck(proof).decision == "normalized"


@pytest.mark.parametrize(
    ("after", "outcome", "named"),
    [
        ("connections_leak.csv", Outcome.FAILED, "connections"),
        ("connections_unread.csv", Outcome.INCONCLUSIVE, "connections"),
        ("short.csv", Outcome.INCONCLUSIVE, "too few to judge"),
        ("before.csv", Outcome.FAILED, "resident memory"),
    ],
)
def test_it_refuses_while_a_channel_is_unproven(
    folder: Path, tmp_path: Path, after: str, outcome: Outcome, named: str
) -> None:
    result = verified(tmp_path, before=folder / "before.csv", after=folder / after)
    assert result.outcome is outcome
    assert named in result.reason
    assert result.outputs["decision"] != "normalized"


OLD = connections_said("leaking", slope=180.0)


@pytest.mark.parametrize(
    ("later", "outcome", "named"),
    [
        ([], Outcome.INCONCLUSIVE, f"connections to {PEER}: leaked before, and was not judged after"),
        ([connections_said("stable", detectable=20.0)], Outcome.PASSED, "no growth is left"),
    ],
)
def test_what_earlier_steps_found_must_be_proven_too(
    folder: Path, tmp_path: Path, later: list[StepResult], outcome: Outcome, named: str
) -> None:
    before = [folder / "memory_only.csv", OLD]
    result = verified(tmp_path, before=before, after=[folder / "connections_unread.csv", *later])
    assert result.outcome is outcome, result.reason
    assert named in result.reason
    assert (result.outputs["decision"] == "normalized") == (outcome is Outcome.PASSED)


def test_results_of_earlier_steps_are_named_by_id(folder: Path, tmp_path: Path) -> None:
    recording = str(folder / "memory_only.csv")
    sample = StepResult(step="x", outcome=Outcome.PASSED, reason="", outputs={"recording": recording})
    ctx = StepContext(directory=tmp_path, earlier={"sample": sample, "connections": OLD})
    values = {"before": ["sample", "connections"], "after": str(folder / "connections_unread.csv")}
    result = run_step("verify_normalized", values, ctx)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert PEER in result.reason


def test_a_recording_that_changed_since_is_refused(folder: Path, tmp_path: Path) -> None:
    path = str(folder / "before.csv")
    evidence = (EvidenceFile(name="recording", path=path, sha256="0" * 64),)
    sample = StepResult(
        step="sample", outcome=Outcome.PASSED, reason="", outputs={"recording": path}, evidence=evidence
    )
    result = verified(tmp_path, before=sample, after=folder / "fixed.csv")
    assert result.outcome is Outcome.ERROR
    assert "has changed since sample recorded it" in result.reason


def test_several_recordings_of_before_give_a_proof_each_and_the_worst_decides(folder: Path, tmp_path: Path) -> None:
    before = [folder / "memory_only.csv", folder / "before.csv"]
    result = verified(tmp_path, before=before, after=folder / "connections_leak.csv", proof=tmp_path / "p.json")
    assert result.outcome is Outcome.FAILED
    assert json.loads((tmp_path / "p.json").read_text())["decision"] == result.outputs["decision"]
    assert (tmp_path / "p-2.json").is_file()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"before": OLD, "after": "fixed.csv"}, "before names no recording"),
        ({"before": "before.csv"}, "after names no recording"),
        ({"before": "before.csv", "after": ["fixed.csv", "short.csv"]}, "after names 2 recordings"),
    ],
)
def test_parameters_that_do_not_fit_together_are_wrong(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], reason: str
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match=reason):
        verified(tmp_path, **values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"before": "before.csv", "after": "nonesuch.csv"}, "nonesuch.csv"),
        ({"before": "before.csv", "after": "fixed.csv", "proof": "nonesuch/p.json"}, "the proof cannot be written"),
    ],
)
def test_what_cannot_be_verified_says_what_is_missing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], reason: str
) -> None:
    monkeypatch.chdir(folder)
    result = verified(tmp_path, **values)
    assert result.outcome is Outcome.ERROR
    assert reason in result.reason
