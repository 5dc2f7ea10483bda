"""A build that leaks beside one that does not: told by its own processes, where all together say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.detection.detectors.builds import newest_build
from leakdoc.detection.detectors.precedents import is_without_precedent
from leakdoc.detection.diagnosis import diagnose
from leakdoc.model.decision import Decision
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Facts, Trace
from leakdoc.sampling.assembly import LifeName, LooseRows, assemble

MIB = 2.0**20
HOUR = 3_600.0
END = 1_700_006_400.0


def pods(*told: tuple[str | None, float, float, float]) -> Trace:
    """A trace of pods: the build, hours that it has run by its end, when that was, and its growth in MiB an hour."""
    times, values, life = [], [], []
    for at, (_, ran, ended, grows) in enumerate(told):
        dice = np.random.default_rng(at)
        own = np.arange(END - ended * HOUR - ran * HOUR + dice.uniform(0.0, 60.0), END - ended * HOUR, 60.0)
        rise = grows * MIB * (own - own[0]) / HOUR
        times.append(own)
        values.append(np.round((200 * MIB + rise + dice.normal(0.0, 0.4 * MIB, len(own))) / 4_096) * 4_096)
        life.append(np.full(len(own), at, dtype=np.intp))
    rows = LooseRows(
        times=np.concatenate(times), life=np.concatenate(life), lives=[LifeName(version=each[0]) for each in told],
        columns={Column("working_set_bytes"): np.concatenate(values)},
    )  # fmt: skip
    return assemble(Subject(kind=SubjectKind.WORKLOAD, name="shop/api/web"), rows, Facts(limit_bytes=4e9))


STABLE = [("api:1.0", 24.0, 0.0, 0.0)] * 4


def test_a_canary_that_leaks_is_named_with_its_build() -> None:
    found = diagnose(pods(*STABLE, ("api:1.1", 6.0, 0.0, 20.0)))
    assert found.decision is Decision.LEAKING
    assert found.reason.startswith("working set of api:1.1: grows ")
    (finding,) = found.findings
    assert finding.evidence["build"] == "api:1.1"
    assert finding.slope_per_hour is not None and finding.slope_per_hour.estimate == pytest.approx(20 * MIB, rel=0.1)
    assert finding.time_to_limit_s is None  # the limit is told of all processes together
    assert str(finding.evidence["in_words"]).startswith("api:1.1 grows ")


def test_a_canary_that_does_not_leak_changes_nothing() -> None:
    alone, beside = (diagnose(pods(*STABLE, *more)) for more in ([], [("api:1.1", 6.0, 0.0, 0.0)]))
    assert not alone.decision.is_fault and not beside.decision.is_fault
    assert "build" not in beside.findings[0].evidence


@pytest.mark.parametrize("ran", [0.6, 1.5, 3.0])
def test_a_canary_that_began_hours_ago_may_be_warming_up(ran: float) -> None:
    found = diagnose(pods(*STABLE, ("api:1.1", ran, 0.0, 60.0)))
    assert not found.decision.is_fault
    assert "build" not in found.findings[0].evidence


def rising(hours: float, from_: float, to: float) -> np.ndarray:
    """Readings of a process that rises for some hours and rests for some: every minute."""
    return np.interp(np.arange(0.0, hours, 1.0 / 60.0), [from_, to], [0.0, 100.0 * MIB])


@pytest.mark.parametrize(("other", "is_news"), [((1.0, 6.0), False), ((1.0, 20.0), True), ((30.0, 40.0), True)])
def test_what_a_build_before_did_and_came_back_from_is_no_news(other: tuple[float, float], is_news: bool) -> None:
    before, canary = rising(24.0, *other), rising(5.0, 0.0, 5.0)
    times = END + 60.0 * np.concatenate([np.arange(len(before)), 19.0 * 60.0 + np.arange(len(canary))])
    rows = LooseRows(
        times=times, life=np.repeat(np.arange(2), [len(before), len(canary)]),
        lives=[LifeName(version="1"), LifeName(version="2")],
        columns={Column("rss_bytes"): np.concatenate([before, canary])},
    )  # fmt: skip
    trace = assemble(Subject(kind=SubjectKind.WORKLOAD, name="shop/api/web"), rows, Facts())
    assert is_without_precedent(trace, Column("rss_bytes"), "2") is is_news


def test_the_build_since_which_all_leak_is_named() -> None:
    before, after = [("api:1.0", 14.0, 10.0, 0.0)] * 3, [("api:1.1", 10.0, 0.0, 30.0)] * 3
    found = diagnose(pods(*before, *after))
    assert found.decision is Decision.LEAKING
    assert found.reason.endswith("; since api:1.1, and not before")
    assert found.findings[0].evidence["since_build"] == "api:1.1"


def test_the_first_of_several_builds_that_leak_is_named() -> None:
    told = [("1", 10.0, 14.0, 0.0), ("2", 7.0, 7.0, 30.0), ("3", 7.0, 0.0, 30.0)]
    assert diagnose(pods(*told)).findings[0].evidence["since_build"] == "2"


def test_no_build_is_named_where_all_of_them_leak() -> None:
    told = [("1", 12.0, 12.0, 30.0), ("2", 12.0, 0.0, 30.0)]
    (finding,) = diagnose(pods(*told)).findings
    assert finding.decision is Decision.LEAKING and "since_build" not in finding.evidence


@pytest.mark.parametrize(
    ("told", "newest"),
    [
        ([("1", 24.0, 0.0, 0.0), ("2", 6.0, 0.0, 0.0)], "2"),
        ([("1", 12.0, 12.0, 0.0), ("2", 12.0, 0.0, 0.0)], "2"),
        ([("1", 24.0, 0.0, 0.0), ("2", 6.0, 12.0, 0.0)], None),  # it was rolled back
        ([("1", 24.0, 0.0, 0.0), ("1", 6.0, 0.0, 0.0)], None),
        ([(None, 24.0, 0.0, 0.0), ("2", 6.0, 0.0, 0.0)], None),
    ],
)
def test_the_newest_build_is_the_one_that_began_last_and_is_there(
    told: list[tuple[str | None, float, float, float]], newest: str | None
) -> None:
    assert newest_build(pods(*told)) == newest
