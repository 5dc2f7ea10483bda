"""Waiting for a decision: it looks as data comes in, and ends at the first reason to."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.policies import Policies
from leakdoc.errors import DamagedSource
from leakdoc.model.decision import ProofDecision
from leakdoc.model.proof import Proof
from leakdoc.model.trace import Ending, Facts
from leakdoc.testing.clock import FakeClock
from leakdoc.verification.growing import GrowingFile
from leakdoc.verification.verify import verify
from leakdoc.verification.waiting import AGREEING_ON_GROWTH, LEAST_ALPHA, Waited, until_decided
from leakdoc.verification.windows import keep
from tests.unit.verification_scenes import EPOCH, KIB, LATER, MIB, ages, leaky, noise, pages, sound, trace


def waited(
    whole, *, before=None, for_s=None, lasts_s=1e9, clock=None, wake=None
) -> tuple[Waited, FakeClock, list[Proof]]:
    """Wait over a trace that becomes visible as a clock goes on."""
    clock, looks = clock or FakeClock(), []
    before = leaky(ages()) if before is None else before

    def look(policies: Policies) -> Proof | None:
        seen = keep(whole, whole.times <= whole.times[0] + clock.monotonic())
        return verify(before, seen, policies=policies) if len(seen) > 1 else None

    ended = until_decided(
        look, policies=Policies(), for_s=for_s, ended=lambda: clock.monotonic() >= lasts_s, clock=clock, wake=wake,
        on_look=looks.append,
    )  # fmt: skip
    return ended, clock, looks


def test_waits_until_a_true_fix_is_proven_and_no_longer():
    ended, clock, looks = waited(sound(ages(300.0)))
    assert ended.decided
    assert ended.proof is not None
    assert ended.proof.decision is ProofDecision.NORMALIZED
    assert all(proof.decision is ProofDecision.INCONCLUSIVE for proof in looks[:-1])
    assert clock.monotonic() < 150.0


def test_unfixed_is_decided_by_looks_that_agree_over_twice_the_time():
    ended, _, looks = waited(leaky(ages(300.0), at=LATER))
    assert ended.decided
    agreed = [ProofDecision.NOT_FIXED] * AGREEING_ON_GROWTH
    assert [proof.decision for proof in looks[-AGREEING_ON_GROWTH:]] == agreed


def test_less_growth_is_decided_over_twice_the_time():
    """A warm-up of a third of the old growth, and a leak that has a third of it left, look alike at first."""
    ended, _, looks = waited(leaky(ages(300.0), rate=50.0 * KIB, at=LATER))
    assert ended.proof is not None
    assert ended.proof.decision is ProofDecision.IMPROVED
    assert [proof.decision for proof in looks[-AGREEING_ON_GROWTH:]] == [ProofDecision.IMPROVED] * AGREEING_ON_GROWTH
    age = ages(600.0)
    warming = 30.0 * MIB - 8.0 * MIB * np.exp(-age / 60.0) + noise(len(age), 20.0 * KIB)
    slow, _, looks = waited(trace(age, at=LATER, rss_bytes=pages(warming)))
    assert slow.proof is not None
    assert slow.proof.decision is ProofDecision.NORMALIZED, [str(proof.decision) for proof in looks]


def test_time_that_is_up_ends_it_with_the_proof_so_far():
    ended, clock, _ = waited(sound(ages(300.0)), for_s=5.0)
    assert not ended.decided
    assert ended.why == "the time is up"
    assert clock.monotonic() == pytest.approx(5.0)
    assert ended.proof is not None
    assert ended.proof.needs_more_s is not None


def test_end_of_what_is_watched_ends_it():
    ended, _, _ = waited(sound(ages(6.0)), lasts_s=7.0)
    assert (ended.decided, ended.why) == (False, "what was watched has ended")


def test_nothing_is_waited_for_that_time_cannot_bring():
    ended, clock, _ = waited(sound(ages(300.0)), before=sound(ages(), at=0.0))
    assert "no more data" in ended.why
    assert clock.monotonic() < 5.0


def test_it_can_be_interrupted():
    wake = threading.Event()
    wake.set()
    ended, _, _ = waited(sound(ages(300.0)), wake=wake)
    assert ended.why == "interrupted"


def test_every_look_spends_less_than_the_one_before_down_to_a_least():
    spent: list[float] = []
    clock = FakeClock()

    def look(policies: Policies) -> None:
        spent.append(policies.growth.alpha)

    until_decided(look, policies=Policies(), for_s=60.0, ended=lambda: False, clock=clock)
    assert spent == sorted(spent, reverse=True)
    assert spent[-1] == LEAST_ALPHA


def rows(path, count: int, *, tail: str = "") -> None:
    lines = [f"{EPOCH + at},{30e6 + at:.0f}" for at in range(count)]
    path.write_text("\n".join(["time,rss_bytes", *lines]) + "\n" + tail, encoding="utf-8")


def test_file_that_is_left_by_its_writer_has_ended(tmp_path):
    clock, path = FakeClock(), tmp_path / "after.csv"
    rows(path, 5)
    growing = GrowingFile(path, clock=clock)
    assert growing.trace() is not None
    assert not growing.ended()
    clock.advance(30.0)
    assert not growing.ended()
    clock.advance(31.0)
    assert growing.ended()
    rows(path, 9)
    assert not growing.ended()


def test_line_that_is_half_written_is_no_damage_until_the_writer_has_gone(tmp_path):
    clock, path = FakeClock(), tmp_path / "after.csv"
    rows(path, 5, tail="17640000")
    growing = GrowingFile(path, clock=clock)
    found = growing.trace()
    assert found is None or len(found) >= 5
    rows(path, 5, tail="176400000x,12")
    growing.ended()
    assert growing.trace() is None
    clock.advance(120.0)
    with pytest.raises(DamagedSource):
        growing.trace()


def test_recording_whose_process_ended_has_ended(tmp_path, monkeypatch):
    ending = Facts(ending=Ending(at=EPOCH, cause="exited", exit_status=0))
    over = replace(trace(ages(), rss_bytes=30e6 + noise(80, 1e4)), facts=ending)
    monkeypatch.setattr("leakdoc.verification.growing.load_trace", lambda path, load_column: over)
    growing = GrowingFile(tmp_path / "x.leakdoc", clock=FakeClock())
    growing.trace()
    assert growing.ended()


def test_reason_names_what_time_alone_does_not_decide():
    age = ages(60.0, 0.5)
    idle = sound(age, requests_total=np.floor(age * 0.1))
    proof = verify(leaky(age, requests_total=np.floor(age * 50.0)), idle)
    assert proof.decision is ProofDecision.INCONCLUSIVE
    assert proof.needs_more_s is None
    assert "time alone does not decide" in proof.reason
    assert "15 requests a second would do" in proof.reason
