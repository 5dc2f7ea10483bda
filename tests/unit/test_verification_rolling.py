"""A rolling deploy: pods of both builds start and end at times of their own, and each warms up at its own."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.model.decision import ProofDecision
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Facts, Trace
from leakdoc.sampling.assembly import LifeName, LooseRows, assemble
from leakdoc.verification.verify import verify
from leakdoc.verification.workload import rollout_of

MINUTE = 60.0
MIB = 2.0**20
START = 1_700_000_000.0
REPLACED = (360, 366, 375)  # minutes after which each pod of the old build makes room for one of the new
ENDS = 720


@pytest.mark.parametrize(
    ("old", "new", "decision"),
    [
        (0.4, 0.0, ProofDecision.NORMALIZED),
        (0.4, 0.4, ProofDecision.NOT_FIXED),
        (0.0, 0.4, ProofDecision.WORSE),
    ],
)
def test_pods_that_start_one_after_the_other_are_held_against_each_other(
    old: float, new: float, decision: ProofDecision
) -> None:
    rollout = rollout_of(rolling(old, new))
    assert (rollout.old, rollout.new) == ("1.0", "1.1")
    assert rollout.at == START + MINUTE * REPLACED[0]
    assert [len(each.lives) for each in (rollout.before, rollout.after)] == [3, 3]
    proof = verify(rollout.before, rollout.after)
    assert proof.decision is decision, proof.reason


@pytest.mark.parametrize("at", [REPLACED[0], REPLACED[0] - 5])
def test_a_pod_of_the_old_build_that_begins_later_is_none_of_the_new(at: int) -> None:
    scaled = rolling(0.4, 0.0, later=((370, ENDS),))  # the old build is scaled while a canary runs
    told = rollout_of(scaled, START + MINUTE * at)
    found = rollout_of(scaled)
    for rollout in (told, found):
        assert {life.version for life in rollout.before.lives} == {"1.0"}
        assert {life.version for life in rollout.after.lives} == {"1.1"}
        assert [len(each.lives) for each in (rollout.before, rollout.after)] == [4, 3]
    proof = verify(told.before, told.after)
    assert proof.decision is ProofDecision.NORMALIZED, proof.reason


def test_a_build_that_comes_back_is_told_by_when_its_pods_began() -> None:
    again = rolling(0.0, 0.0, later=((500, ENDS),))
    rollout = rollout_of(again, START + MINUTE * 450)  # back to the build that ran before
    assert [life.version for life in rollout.after.lives] == ["1.0"]


def rolling(old: float, new: float, later: tuple[tuple[int, int], ...] = ()) -> Trace:
    """Three pods of each build; all warm up by 40 MiB, beside which they grow by so many MiB a minute.

    Args:
        later: when further pods of the old build begin and end, in minutes.
    """
    dice = np.random.default_rng(20_261_125)
    lives, times, values, life = list[LifeName](), [], [], []
    for build, grows, spans in (
        ("1.0", old, [*((0, end) for end in REPLACED), *later]),
        ("1.1", new, [(begin, ENDS) for begin in REPLACED]),
    ):
        for begin, end in spans:
            age = np.arange(end - begin, dtype=np.float64)
            memory = 150.0 + 40.0 * (1.0 - np.exp(-age / 8.0)) + grows * age + dice.normal(0.0, 0.2, len(age))
            times.append(START + MINUTE * (begin + age))
            values.append(np.round(memory * MIB / 4096.0) * 4096.0)
            life.append(np.full(len(age), len(lives), dtype=np.intp))
            lives.append(LifeName(started_at=START + MINUTE * begin - 3.0, version=build))
    rows = LooseRows(
        times=np.concatenate(times), life=np.concatenate(life), lives=lives,
        columns={Column("working_set_bytes"): np.concatenate(values)},
    )  # fmt: skip
    return assemble(Subject(kind=SubjectKind.WORKLOAD, name="shop/api/web"), rows, Facts())
