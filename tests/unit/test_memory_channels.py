"""A second reading of memory tells what the first cannot: swap, the heap in use, pages of files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import leakdoc
from leakdoc.model.decision import Decision

MIB = 2.0**20
N = 600
T = np.arange(float(N))
GROWN = 60 * MIB * T / N


def noise(seed: int) -> np.ndarray:
    return 0.1 * MIB * np.random.default_rng(seed).normal(size=N)


def diagnose(**columns: np.ndarray) -> leakdoc.Diagnosis:
    return leakdoc.diagnose(pd.DataFrame({"time": 1.7e9 + T, **columns}))


def test_what_is_swapped_out_is_still_held() -> None:
    resident = 200 * MIB + np.minimum(GROWN, 20 * MIB) + noise(1)
    swapped = np.maximum(GROWN - 20 * MIB, 0.0)
    alone = diagnose(rss_bytes=resident)
    assert alone.decision is not Decision.LEAKING
    together = diagnose(rss_bytes=resident, swap_bytes=swapped)
    assert together.decision is Decision.LEAKING
    assert "swapped out" in together.reason
    assert together.findings[0].slope_per_hour is not None
    assert together.findings[0].slope_per_hour.estimate == pytest.approx(360 * MIB, rel=0.05)


@pytest.mark.parametrize(("flat", "word"), [("heap_bytes", "fragmentation"), ("anon_bytes", "files")])
def test_growth_that_the_second_reading_does_not_share_is_no_leak(flat: str, word: str) -> None:
    found = diagnose(rss_bytes=200 * MIB + GROWN + noise(1), **{flat: 120 * MIB + noise(2)})
    assert found.findings[0].decision is Decision.INCONCLUSIVE
    assert word in found.findings[0].reason
    assert found.findings[0].evidence["explained_by"] == flat
    assert not found.decision.is_fault


@pytest.mark.parametrize("other", ["heap_bytes", "anon_bytes"])
def test_growth_that_both_share_is_a_leak(other: str) -> None:
    found = diagnose(rss_bytes=200 * MIB + GROWN + noise(1), **{other: 120 * MIB + GROWN + noise(2)})
    assert found.decision is Decision.LEAKING


def test_a_second_reading_too_noisy_to_tell_explains_nothing() -> None:
    found = diagnose(rss_bytes=200 * MIB + GROWN + noise(1), heap_bytes=120 * MIB + 400 * noise(2))
    assert found.findings[0].decision is Decision.LEAKING


def test_a_leak_into_memory_that_the_heap_holds_already_is_told_by_the_heap() -> None:
    found = diagnose(rss_bytes=300 * MIB + noise(1), heap_bytes=120 * MIB + GROWN + noise(2))
    assert found.decision is Decision.LEAKING


@pytest.mark.parametrize(
    ("left", "resident", "decisions"),
    [
        (80 * MIB + noise(3), None, ["inconclusive", "stable"]),
        (80 * MIB + 0.9 * GROWN + noise(3), None, ["leaking", "leaking"]),
        (80 * MIB + noise(3), GROWN, ["inconclusive", "inconclusive", "stable"]),
        (80 * MIB + noise(3), 3 * GROWN, ["leaking", "inconclusive", "stable"]),  # by far not all of it is garbage
    ],
)
def test_a_heap_that_collections_empty_does_not_leak(
    left: np.ndarray, resident: np.ndarray | None, decisions: list[str]
) -> None:
    columns = {"heap_bytes": 120 * MIB + GROWN + noise(2), "heap_after_gc_bytes": left}
    if resident is not None:
        columns["rss_bytes"] = 300 * MIB + resident + noise(1)
    found = diagnose(**columns)
    assert [each.decision.value for each in found.findings] == decisions
    assert all(("garbage" in each.reason) == (each.decision.value == "inconclusive") for each in found.findings)


def test_garbage_of_a_new_build_is_no_leak_of_it() -> None:
    old, new = (120 * MIB + noise(at) for at in (4, 5)), 90 * MIB + GROWN
    heaps = [*old, new + noise(6)]
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "time": 1.7e9 + 60.0 * T[at // 2 * N // 2 :], "pid": at, "version": f"{at // 2}.0",
                    "heap_bytes": heap[at // 2 * N // 2 :], "heap_after_gc_bytes": 80.0 * MIB,
                }
            )
            for at, heap in enumerate(heaps)
        ]
    )  # fmt: skip
    alone = leakdoc.diagnose(frame.drop(columns="heap_after_gc_bytes"))
    assert alone.decision is Decision.LEAKING and "1.0" in alone.reason
    found = leakdoc.diagnose(frame)
    assert found.decision is Decision.INCONCLUSIVE and "garbage" in found.reason
