"""Pods have a limit each: the one that is nearest to its own is killed first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.detectors.own_limits import nearest_to_its_limit
from leakdoc.detection.diagnosis import diagnose
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Life, Trace

MIB = 2.0**20
RSS = Column("working_set_bytes")
MINUTES = 240
RATE = 0.1 * MIB  # a minute


def workload(*pods: tuple[float, float | None], ended: int = 0, leaking: int | None = None) -> Trace:
    """Pods that leak alike, each from a level of its own under a limit of its own; the first few have ended.

    Args:
        leaking: the only one that leaks; null where all do.
    """
    times = 1.7e9 + 60.0 * np.arange(MINUTES)
    rows = [MINUTES // 2 if at < ended else MINUTES for at in range(len(pods))]
    stops = np.cumsum(rows).tolist()
    noise = np.random.default_rng(1)
    rates = [RATE if leaking in (None, at) else 0.0 for at in range(len(pods))]
    values = [
        level * MIB + rate * np.arange(n) + noise.normal(0, 0.05 * MIB, n)
        for (level, _), n, rate in zip(pods, rows, rates, strict=True)
    ]
    lives = tuple(
        Life(first=stop - n, stop=stop, started_at=1.7e9 - 60.0, limit_bytes=None if limit is None else limit * MIB)
        for n, stop, (_, limit) in zip(rows, stops, pods, strict=True)
    )
    return Trace(
        subject=Subject(kind=SubjectKind.WORKLOAD, name="shop/pay/web"),
        times=np.concatenate([times[:n] for n in rows]),
        lives=lives, columns={RSS: np.concatenate(values)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pods", "room"),
    [
        (((300, 600), (560, 600)), 40 - 24),  # the second is nearest
        (((300, 340), (560, 900)), 40 - 24),  # the first is, at a limit of its own
        (((300, None), (560, 600)), 40 - 24),  # one has none
        (((500, 600),), 100 - 24),
    ],
)
def test_the_time_to_the_limit_is_that_of_the_nearest_pod(
    pods: tuple[tuple[float, float | None], ...], room: float
) -> None:
    (finding,) = diagnose(workload(*pods)).findings
    assert finding.time_to_limit_s is not None
    assert finding.time_to_limit_s.estimate == pytest.approx(room / 0.1 * 60.0, rel=0.05)
    nearest = finding.evidence.get("nearest_limit")
    assert (nearest is None) == (len(pods) == 1)


def test_a_pod_that_has_ended_is_killed_no_more() -> None:
    found = nearest_to_its_limit(workload((590, 600), (300, 600), ended=1), RSS)
    assert found is not None
    assert found.limit_bytes - found.level == pytest.approx(276 * MIB, rel=0.02)
    assert len(found.levels) == 1


def test_one_above_its_limit_has_no_room() -> None:
    found = nearest_to_its_limit(workload((700, 600), (300, 600)), RSS)
    assert found is not None
    assert found.room == 0.0


def test_without_limits_there_is_none_that_is_near() -> None:
    trace = workload((300, None), (200, None))
    assert nearest_to_its_limit(trace, RSS) is None
    gone = replace(
        trace,
        columns={RSS: np.full(len(trace), np.nan)},
        lives=tuple(replace(each, limit_bytes=1.0) for each in trace.lives),
    )
    assert nearest_to_its_limit(gone, RSS) is None


def test_of_pods_of_which_one_leaks_its_own_limit_tells() -> None:
    (finding,) = diagnose(workload((300, 400), (580, 600), (310, 600), (320, 600), leaking=0)).findings
    assert finding.decision.is_fault
    assert finding.time_to_limit_s is not None
    assert finding.time_to_limit_s.estimate == pytest.approx((100 - 24) / 0.1 * 60.0, rel=0.05)


def test_heaps_are_held_against_limits_of_their_own() -> None:
    trace = workload((300, 900), (560, 900))
    own = np.where(np.arange(len(trace)) < MINUTES, 400 * MIB, 600 * MIB)
    own[-1] = np.nan  # the last scrape may lack one
    heaps = replace(trace, columns={Column("heap_bytes"): trace.columns[RSS], Column("heap_limit_bytes"): own})
    (finding,) = diagnose(heaps).findings
    assert finding.time_to_limit_s is not None
    assert finding.time_to_limit_s.estimate == pytest.approx((40 - 24) / 0.1 * 60.0, rel=0.05)
    assert finding.evidence["limit"] == 1_000 * MIB
    (finding,) = diagnose(replace(heaps, columns={**heaps.columns, Column("heap_limit_bytes"): 0.0 * own})).findings
    assert finding.evidence["nearest_limit"] == pytest.approx(  # none of their own: that of the pods
        {"limit_bytes": 900 * MIB, "level": 584 * MIB, "processes": 2}, rel=0.01
    )
