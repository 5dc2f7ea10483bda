"""What the user asks of memory: the growth that matters, and the limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import leakdoc
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis

MIB = 2**20
T = np.arange(600)
DESCRIPTORS = 20 + T // 4


def judged(path: Path, header: str, *columns: np.ndarray, smallest: float, limit: float | None = None) -> Diagnosis:
    rows = "\n".join(",".join(str(int(cell)) for cell in row) for row in zip(T, *columns, strict=True))
    path.write_text(f"time,{header}\n{rows}\n")
    asked = leakdoc.GrowthPolicy(smallest=smallest, limit=limit)
    return leakdoc.diagnose(path, policies=Policies(growth=asked))


def test_the_growth_of_memory_that_matters_excuses_no_descriptors(tmp_path: Path) -> None:
    memory = 100 * MIB + 4_096 * (T * 7 % 5)
    columns = (memory, DESCRIPTORS)
    found = judged(tmp_path / "a.csv", "rss_bytes,open_fds", *columns, smallest=4 * MIB / 3_600, limit=512 * MIB)
    assert {each.metric: each.decision for each in found.findings} == {
        "rss_bytes": Decision.STABLE,
        "open_fds": Decision.LEAKING,
    }
    (descriptors,) = (each for each in found.findings if each.metric == "open_fds")
    assert descriptors.time_to_limit_s is None


def test_of_counts_alone_the_growth_that_matters_is_theirs(tmp_path: Path) -> None:
    found = judged(tmp_path / "a.csv", "open_fds", DESCRIPTORS, smallest=0.5)
    assert found.decision is Decision.STABLE
    assert judged(tmp_path / "a.csv", "open_fds", DESCRIPTORS, smallest=0.1).decision is Decision.LEAKING
