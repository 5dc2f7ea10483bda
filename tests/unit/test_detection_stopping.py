"""When a watch has seen enough."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from leakdoc.detection.looks import LookSchedule
from leakdoc.detection.stopping import Standing, Stopped, reason_to_stop
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis, Window
from leakdoc.model.finding import Finding
from leakdoc.model.subject import Subject, SubjectKind


def diagnosis(decision: str, *, seen: float | None = 1e5, others: tuple[Finding, ...] = ()) -> Diagnosis:
    memory = Finding(
        detector="growth",
        metric="rss_bytes",
        decision=Decision(decision),
        reason="because",
        smallest_detectable_per_hour=seen,
        evidence={"level": 1e8},
    )
    return Diagnosis(
        subject=Subject(kind=SubjectKind.PROCESS, name="payments", pid=1),
        decision=Decision(decision),
        reason="because",
        findings=(memory, *others),
        window=Window(start=0.0, end=60.0, samples=60),
    )


STANDING = Standing(elapsed_s=60.0, for_s=900.0, smallest_per_hour=None, diagnosis=None)


@pytest.mark.parametrize("decision", ["leaking", "exhausted", "unresponsive"])
def test_a_fault_stops_it(decision: str) -> None:
    assert reason_to_stop(replace(STANDING, diagnosis=diagnosis(decision))) is Stopped.DECIDED


def test_only_what_was_asked_stops_a_watch_that_asks() -> None:
    churn = Finding(detector="connection_churn", metric="connections", decision=Decision.EXHAUSTED, reason="fast")
    standing = replace(STANDING, diagnosis=diagnosis("exhausted", others=(churn,)))
    assert reason_to_stop(replace(standing, asked=("unclosed_connections",))) is None
    assert reason_to_stop(replace(standing, asked=("unclosed_connections", "connection_churn"))) is Stopped.DECIDED
    asked = replace(standing, asked=("unclosed_connections",), elapsed_s=900.0)
    assert reason_to_stop(asked) is Stopped.TIME_IS_UP


@pytest.mark.parametrize("decision", ["stable", "load_driven"])
def test_what_is_settled_stops_it_once_smaller_growth_would_have_shown(decision: str) -> None:
    one_percent_of_level = 1e6
    enough = diagnosis(decision, seen=one_percent_of_level)
    too_coarse = diagnosis(decision, seen=one_percent_of_level * 1.01)
    assert reason_to_stop(replace(STANDING, diagnosis=enough)) is Stopped.DECIDED
    assert reason_to_stop(replace(STANDING, diagnosis=too_coarse)) is None
    assert reason_to_stop(replace(STANDING, diagnosis=too_coarse, smallest_per_hour=2e6)) is Stopped.DECIDED


@pytest.mark.parametrize("decision", ["warming_up", "inconclusive"])
def test_what_is_open_does_not_stop_it(decision: str) -> None:
    assert reason_to_stop(replace(STANDING, diagnosis=diagnosis(decision))) is None


def test_an_open_question_beside_stable_memory_keeps_it_going() -> None:
    fds = Finding(detector="descriptor_growth", metric="open_fds", decision=Decision.INCONCLUSIVE, reason="?")
    assert reason_to_stop(replace(STANDING, diagnosis=diagnosis("stable", others=(fds,)))) is None


def test_unknown_sensitivity_is_not_enough() -> None:
    assert reason_to_stop(replace(STANDING, diagnosis=diagnosis("stable", seen=None))) is None


def test_time_stops_it_and_no_end_means_no_end() -> None:
    assert reason_to_stop(replace(STANDING, elapsed_s=900.0)) is Stopped.TIME_IS_UP
    assert reason_to_stop(replace(STANDING, elapsed_s=0.0, for_s=0.0)) is Stopped.TIME_IS_UP
    assert reason_to_stop(replace(STANDING, elapsed_s=1e9, for_s=None)) is None


def test_a_watch_until_stopped_is_not_ended_by_verdicts() -> None:
    standing = replace(STANDING, for_s=None, diagnosis=diagnosis("leaking"), stop_when_decided=False)
    assert reason_to_stop(standing) is None


def test_looks_become_rarer_as_the_trace_grows() -> None:
    schedule = LookSchedule()
    looks = [samples for samples in range(1, 3_601) if schedule.is_due(samples)]
    assert looks[0] == 30
    gaps = [later - earlier for earlier, later in pairwise(looks)]
    assert gaps == sorted(gaps)
    assert all(gap >= 5 for gap in gaps)
    assert len(looks) < 50


def test_all_looks_of_a_watch_together_spend_the_error_rate_of_one() -> None:
    schedule = LookSchedule(901)
    looks = [samples for samples in range(1, 902) if schedule.is_due(samples)]
    assert sum(schedule.spend(samples) for samples in dict.fromkeys([*looks, 901])) == pytest.approx(0.05)


def test_looking_again_at_the_same_samples_costs_nothing() -> None:
    schedule = LookSchedule(901)
    assert schedule.spend(450) == schedule.spend(450) > 0.02


def test_where_only_the_last_look_counts_it_may_spend_everything() -> None:
    schedule = LookSchedule()
    assert [schedule.spend(samples) for samples in (30, 60)] == [0.05, 0.05]


def test_a_watch_without_an_end_never_spends_more() -> None:
    schedule = LookSchedule(901, endless=True)
    assert sum(schedule.spend(samples) for samples in range(30, 100_000, 30)) < 0.05
