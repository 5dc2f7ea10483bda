"""One recording split where a rollout happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.errors import UsageError
from leakdoc.model.sample import Column
from leakdoc.verification.pauses import longest_pause_s
from leakdoc.verification.rollout import split
from leakdoc.verification.windows import latest_version, restarts, without_start
from tests.unit.verification_scenes import EPOCH, ages, trace

AGE = ages(10.0, 1.0)
RSS = Column("rss_bytes")


def test_told_instant_splits_there_where_processes_are_not_told_apart():
    before, after = split(trace(AGE, rss_bytes=AGE), EPOCH + 5.0)
    assert before.times.tolist() == [EPOCH + at for at in (1.0, 2.0, 3.0, 4.0)]
    assert after.times[0] == EPOCH + 5.0
    assert after.lives[0].stop == len(after) == 6


def test_old_process_that_lingers_is_not_part_of_after():
    overlapping = trace(np.concatenate([AGE, AGE + 5.0]), lives=(10,), rss_bytes=0.0)
    before, after = split(overlapping, EPOCH + 6.0)
    assert len(before) == 5
    assert len(after) == 10
    assert after.lives[0].pid == overlapping.lives[1].pid


def test_only_restart_is_taken_for_the_rollout():
    before, after = split(trace(AGE, lives=(4,), rss_bytes=AGE))
    assert (len(before), len(after)) == (4, 6)


def test_new_build_is_taken_for_the_rollout_among_restarts():
    versions = ("1", "1", "2")
    made = trace(AGE, lives=(3, 6), rss_bytes=AGE)
    lives = tuple(replace(life, version=version) for life, version in zip(made.lives, versions, strict=True))
    before, after = split(replace(made, lives=lives))
    assert (len(before), len(after)) == (6, 4)
    assert len(latest_version(replace(made, lives=lives))) == 4


@pytest.mark.parametrize("lives", [(), (3, 6)])
def test_rollout_that_cannot_be_told_is_asked_for(lives):
    with pytest.raises(UsageError, match="cannot be told"):
        split(trace(AGE, lives=lives, rss_bytes=AGE))


@pytest.mark.parametrize("at", [EPOCH - 5.0, EPOCH + 50.0])
def test_instant_outside_the_recording_is_refused(at):
    with pytest.raises(UsageError, match="no samples"):
        split(trace(AGE, rss_bytes=AGE), at)


def test_start_is_cut_from_every_life():
    cut = without_start(trace(AGE, lives=(5,), rss_bytes=AGE), 0.5)
    assert cut.times.tolist() == [EPOCH + at for at in (3.0, 4.0, 5.0, 8.0, 9.0, 10.0)]
    assert [(life.first, life.stop) for life in cut.lives] == [(0, 3), (3, 6)]


def test_workers_side_by_side_are_no_restarts():
    side_by_side = np.concatenate([AGE, AGE, AGE + 20.0])
    assert restarts(trace(side_by_side, lives=(10, 20), rss_bytes=0.0)) == 1


@pytest.mark.parametrize(
    ("values", "pause"),
    [
        (AGE, 1.0),
        (np.floor(AGE / 5.0) * 5.0, 5.0),
        (np.maximum(AGE - 7.0, 0.0), 7.0),
        (np.zeros(10), 9.0),
    ],
)
def test_pause_is_the_longest_time_without_growth(values, pause):
    assert longest_pause_s(trace(AGE, rss_bytes=values), RSS, 0.0, 1.0) == pytest.approx(pause, abs=1.0)


def test_noise_that_wanders_does_not_shorten_a_quiet_start():
    age = ages(600.0, 1.0)
    wanders = 8.0 * np.sin(age / 40.0)
    quiet = longest_pause_s(trace(age, rss_bytes=np.maximum(age - 300.0, 0.0) + wanders), RSS, 1.0, 1.0)
    steady = longest_pause_s(trace(age, rss_bytes=age + wanders), RSS, 1.0, 1.0)
    assert quiet == pytest.approx(300.0, abs=20.0)
    assert steady < 40.0


def test_worker_that_never_leaked_beside_one_that_did_is_no_pause():
    two = trace(np.concatenate([AGE, AGE]), lives=(10,), rss_bytes=np.concatenate([AGE, np.zeros(10)]))
    apart = trace(np.concatenate([AGE, AGE + 20.0]), lives=(10,), rss_bytes=np.concatenate([AGE, np.zeros(10)]))
    assert longest_pause_s(two, RSS, 0.0, 0.5) < 3.0
    assert longest_pause_s(apart, RSS, 0.0, 0.5) == pytest.approx(9.0, abs=1.0)


def test_floor_that_rises_under_a_ceiling_does_not_pause():
    age = ages(100.0, 1.0)
    saw = age + (200.0 - age) * np.mod(np.arange(100), 10) / 9.0
    assert longest_pause_s(trace(age, rss_bytes=saw), RSS, 0.0, 1.0) < 30.0


def test_workers_that_begin_together_are_one_rollout():
    long = np.arange(1.0, 101.0)
    whole = trace(
        np.concatenate([long, long, 200.0 + long, 201.0 + long, 202.0 + long]),
        lives=(100, 200, 300, 400),
        rss_bytes=0.0,
    )
    before, after = split(whole)
    assert (len(before.lives), len(after.lives)) == (2, 3)
