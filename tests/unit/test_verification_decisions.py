"""Which decision a comparison comes to: true fixes, and everything that only looks like one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.policies import Policies
from leakdoc.detection.policy import with_setting
from leakdoc.errors import UsageError
from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.proof import Check, Proof
from leakdoc.model.sample import Column
from leakdoc.model.subject import SubjectKind
from leakdoc.model.trace import Ending, Facts, Trace
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.verify import verify
from tests.unit.verification_scenes import EPOCH, KIB, LATER, MIB, ages, leaky, noise, pages, sound, trace

NORMALIZED, NOT_FIXED, WORSE = ProofDecision.NORMALIZED, ProofDecision.NOT_FIXED, ProofDecision.WORSE
IMPROVED, INCONCLUSIVE = ProofDecision.IMPROVED, ProofDecision.INCONCLUSIVE
PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN


def check_of(proof: Proof, name: str) -> Check:
    return next(check for check in proof.checks if check.name == name)


def against(proof: Proof) -> set[str]:
    return {check.name for check in proof.checks if check.outcome is not PASSED and not check.numbers.get("unread")}


def requests(age, per_s=20.0):
    return np.floor(per_s * age)


def test_true_fix_of_a_short_real_run_is_normalized():
    before = leaky(ages(), connections=np.floor(3.0 * ages()))
    proof = verify(before, sound(ages(), connections=2.0))
    assert proof.decision is NORMALIZED
    assert "resident memory, connections" in proof.reason
    assert against(proof) == set()


def test_without_the_fix_it_is_not_fixed():
    before = leaky(ages(), connections=np.floor(3.0 * ages()))
    proof = verify(before, leaky(ages(), at=LATER, connections=np.floor(3.0 * ages())))
    assert proof.decision is NOT_FIXED
    assert {"slope", "other_channels"} <= against(proof)


def test_before_that_was_watched_for_less_is_enough():
    assert verify(leaky(ages(30.0)), sound(ages())).decision is NORMALIZED


def test_faster_growth_is_worse():
    assert verify(leaky(ages()), leaky(ages(), rate=300.0 * KIB, at=LATER)).decision is WORSE


def test_sides_that_are_swapped_are_not_worse():
    proof = verify(sound(ages()), leaky(ages()))
    assert proof.decision is INCONCLUSIVE
    assert "are they swapped" in proof.reason


def test_kilobytes_taken_for_bytes_are_no_fix():
    fixed = sound(ages())
    proof = verify(leaky(ages()), trace(ages(), at=LATER, rss_bytes=fixed.column("rss_bytes") / KIB))
    assert proof.decision is INCONCLUSIVE
    assert "in one unit" in check_of(proof, "same_metrics").reason


def test_pace_since_a_late_bend_alone_is_not_worse():
    age = ages(120.0)
    late = sound(age).column("rss_bytes") + pages(np.maximum(age - 102.0, 0.0) * 450.0 * KIB)
    proof = verify(leaky(age), trace(age, at=LATER, rss_bytes=late))
    assert proof.decision is NOT_FIXED


def test_growth_that_could_not_have_gone_unseen_before_is_worse():
    age = ages()
    descriptors = np.round(40.0 + noise(len(age), 8.0))
    before, after = leaky(age, open_fds=descriptors), sound(age, open_fds=descriptors + np.floor(5.0 * age))
    proof = verify(before, after)
    assert proof.decision is WORSE
    assert check_of(proof, "no_new_leak").numbers["open_fds"]["before"] == "inconclusive"
    assert "faster than could have gone unseen before" in proof.reason


def test_a_third_of_the_growth_is_improved():
    proof = verify(leaky(ages()), leaky(ages(), rate=50.0 * KIB, at=LATER))
    assert proof.decision is IMPROVED
    assert "still leaks" in proof.reason


def test_a_higher_limit_alone_is_no_fix():
    before = replace(leaky(ages()), facts=Facts(limit_bytes=64 * MIB))
    after = replace(leaky(ages(), at=LATER), facts=Facts(limit_bytes=512 * MIB))
    assert verify(before, after).decision is NOT_FIXED


def test_memory_that_is_held_at_its_limit_is_not_normalized():
    before = replace(leaky(ages()), facts=Facts(limit_bytes=512 * MIB))
    proof = verify(before, replace(sound(ages()), facts=Facts(limit_bytes=30 * MIB)))
    assert proof.decision is INCONCLUSIVE
    assert check_of(proof, "under_limit").outcome is FAILED


def test_the_limit_that_was_asked_for_comes_first():
    policies = Policies().with_settings(["growth.limit=30MiB"])
    roomy = replace(sound(ages()), facts=Facts(limit_bytes=512 * MIB))
    proof = verify(leaky(ages()), roomy, policies=policies)
    assert check_of(proof, "under_limit").outcome is FAILED
    assert check_of(proof, "under_limit").numbers["limit"] == 30 * MIB


@pytest.mark.parametrize(("left", "outcome"), [(None, UNKNOWN), (10.0 * MIB, PASSED), (29.9 * MIB, FAILED)])
def test_a_heap_that_garbage_fills_is_not_held_at_its_limit(left: float | None, outcome: CheckOutcome):
    def as_heap(found: Trace, **more: float) -> Trace:
        columns = {Column("heap_bytes"): found.columns[Column("rss_bytes")], Column("heap_limit_bytes"): 30.0 * MIB}
        told = columns | {Column(name): value for name, value in more.items()}
        return replace(found, columns={name: value + np.zeros(len(found)) for name, value in told.items()})

    more = {} if left is None else {"heap_after_gc_bytes": left}
    proof = verify(as_heap(leaky(ages())), as_heap(sound(ages()), **more))
    assert check_of(proof, "under_limit").outcome is outcome


def test_processes_that_live_at_once_are_held_against_the_limit_together():
    age = np.concatenate([ages(), ages() + 0.1])
    memory = np.tile(sound(ages()).columns[Column("rss_bytes")], 2)
    facts = Facts(limit_bytes=61 * MIB)
    side_by_side = check_of(
        verify(leaky(ages()), trace(age, at=LATER, lives=(80,), facts=facts, rss_bytes=memory)), "under_limit"
    )
    assert side_by_side.outcome is FAILED
    assert side_by_side.numbers["highest"] == pytest.approx(60 * MIB, rel=0.01)
    age = np.concatenate([ages(), ages() + 60.0])
    one_by_one = check_of(
        verify(leaky(ages()), trace(age, at=LATER, lives=(80,), facts=facts, rss_bytes=memory)), "under_limit"
    )
    assert one_by_one.outcome is PASSED


@pytest.mark.parametrize("setting", ["flat_upper_share=0", "first_cut=99%", "retry_widening=0"])
def test_odd_thresholds_are_no_crash(setting):
    name, _, value = setting.partition("=")
    policy = with_setting(VerificationPolicy(), name, value)
    assert verify(leaky(ages()), sound(ages(10.0)), verification=policy).decision is not NORMALIZED


def test_a_cut_of_everything_is_refused():
    with pytest.raises(UsageError, match="leaves nothing"):
        with_setting(VerificationPolicy(), "last_cut", "1")


@pytest.mark.parametrize("late_s", [10.0, 15.0, 25.0])
@pytest.mark.parametrize("spread", [0.0, 10.0 * KIB])
def test_growth_that_has_just_begun_again_is_not_normalized(late_s, spread):
    age = ages(600.0, 1.0)
    resumed = 48.0 * KIB * np.maximum(age - 600.0 + late_s, 0.0)
    before = leaky(age, rate=48.0 * KIB)
    after = trace(age, at=LATER, rss_bytes=pages(30.0 * MIB + resumed + noise(len(age), spread)))
    level = check_of(verify(before, after), "level")
    assert verify(before, after).decision is not NORMALIZED
    assert level.outcome is UNKNOWN
    assert "rising at the end" in level.reason


@pytest.mark.parametrize("warm_s", [30.0, 90.0])
def test_a_slow_warm_up_does_not_rise_at_the_end(warm_s):
    age = ages(600.0, 1.0)
    warm = 30.0 * MIB - 5.0 * MIB * np.exp(-age / warm_s)
    proof = verify(leaky(age, rate=48.0 * KIB), trace(age, at=LATER, rss_bytes=pages(warm)))
    assert proof.decision is NORMALIZED


def test_two_spikes_at_the_end_are_no_rise():
    age = ages(600.0, 1.0)
    memory = pages(30.0 * MIB + noise(len(age), 10.0 * KIB))
    memory[-2:] += 2.0 * MIB
    proof = verify(leaky(age, rate=48.0 * KIB), trace(age, at=LATER, rss_bytes=memory))
    assert check_of(proof, "level").outcome is PASSED


def test_older_baseline_is_not_taken_for_a_fix():
    proof = verify(leaky(ages(), at=LATER), sound(ages(), at=0.0))
    assert proof.decision is INCONCLUSIVE
    assert "older" in proof.reason


def test_exposure_ends_where_the_readings_end():
    age = ages(400.0, 2.0)
    memory = sound(age).column("rss_bytes").copy()
    memory[40:] = np.nan
    exposed = check_of(verify(leaky(age), trace(age, at=LATER, rss_bytes=memory)), "exposure").numbers["exposure_s"]
    assert exposed < 80.0


def test_before_that_did_not_leak_proves_nothing():
    proof = verify(sound(ages(), at=0.0), sound(ages()))
    assert proof.decision is INCONCLUSIVE
    assert check_of(proof, "before_leaked").outcome is FAILED
    assert "no proven leak" in proof.reason


def test_leak_that_begins_after_the_rollout_is_worse():
    assert verify(sound(ages(), at=0.0), leaky(ages(), at=LATER)).decision is WORSE


def test_too_short_after_says_how_much_longer():
    age = ages(1_800.0, 5.0)
    slow = pages(30.0 * MIB + 5.0 * KIB * age + noise(len(age), 200.0 * KIB))
    young = ages(200.0, 5.0)
    after = trace(young, at=LATER, rss_bytes=pages(28.0 * MIB + noise(len(young), 200.0 * KIB)))
    proof = verify(trace(age, rss_bytes=slow), after)
    assert proof.decision is INCONCLUSIVE
    assert proof.needs_more_s is not None and 0.0 < proof.needs_more_s < 7_200.0
    assert check_of(proof, "exposure").outcome is not PASSED or check_of(proof, "slope").outcome is not PASSED


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2])
def test_hardly_any_load_after_is_no_proof(share):
    before = leaky(ages(), requests_total=requests(ages()))
    proof = verify(before, sound(ages(), requests_total=requests(ages(), 20.0 * share)))
    assert proof.decision is INCONCLUSIVE
    assert "load" in against(proof)


def test_unfixed_at_half_the_load_is_not_improved():
    before = leaky(ages(), requests_total=requests(ages()))
    after = leaky(ages(), rate=75.0 * KIB, at=LATER, requests_total=requests(ages(), 10.0))
    assert verify(before, after).decision is NOT_FIXED


def test_idle_after_is_told_by_its_cpu_time_where_requests_are_not_known():
    before = leaky(ages(), cpu_seconds_total=0.2 * ages())
    proof = verify(before, sound(ages(), cpu_seconds_total=0.002 * ages()))
    assert proof.decision is INCONCLUSIVE
    assert "load" in against(proof)


@pytest.mark.parametrize(("ticks", "is_told"), [(1, False), (3, True)])
def test_one_tick_of_cpu_time_is_no_load(ticks, is_told):
    before = leaky(ages(), cpu_seconds_total=0.01 * np.floor(3.0 * ages() / ages()[-1]))
    after = sound(ages(), cpu_seconds_total=0.01 * np.floor(ticks * ages() / ages()[-1]))
    proof = verify(before, after)
    assert (check_of(proof, "load").outcome is PASSED) is is_told
    assert (proof.decision is INCONCLUSIVE) is not is_told


def test_requests_that_are_read_on_one_side_only_are_no_comparison():
    assert verify(leaky(ages(), requests_total=requests(ages())), sound(ages())).decision is INCONCLUSIVE


@pytest.mark.parametrize("metric", ["open_fds", "threads", "heap_bytes", "shared_bytes"])
def test_leak_that_moved_elsewhere_is_worse(metric):
    scale = 100.0 * KIB if metric.endswith("bytes") else 2.0
    before = leaky(ages(), **{metric: 20.0 * scale})
    proof = verify(before, sound(ages(), **{metric: np.floor(scale * (20.0 + ages()))}))
    assert proof.decision is WORSE
    assert check_of(proof, "no_new_leak").outcome is FAILED


def test_leak_in_a_channel_that_was_not_read_before_is_not_fixed():
    proof = verify(leaky(ages()), sound(ages(), open_fds=np.floor(20.0 + 2.0 * ages())))
    assert proof.decision is NOT_FIXED
    assert "open descriptors" in proof.reason


def test_one_of_two_leaks_fixed_is_refused_by_name():
    before = leaky(ages(), open_fds=np.floor(20.0 + 3.0 * ages()))
    proof = verify(before, sound(ages(), open_fds=np.floor(20.0 + 3.0 * ages())))
    assert proof.decision is NOT_FIXED
    assert "open descriptors" in proof.reason


def test_channel_that_is_not_read_after_is_refused_by_name():
    proof = verify(leaky(ages(), open_fds=np.floor(20.0 + 3.0 * ages())), sound(ages()))
    assert proof.decision is INCONCLUSIVE
    assert "open descriptors" in proof.reason
    assert check_of(proof, "same_metrics").numbers["missing"] == ["open_fds"]


def test_memory_metric_that_both_sides_have_is_compared():
    before = leaky(ages())
    memory = before.column("rss_bytes")
    both = replace(before, columns={**before.columns, Column("working_set_bytes"): memory})
    assert verify(both, sound(ages())).decision is NORMALIZED


def test_memory_leak_is_not_dropped_where_the_common_metric_does_not_show_it():
    grown = np.floor(3.0 * ages())
    before = sound(ages(), at=0.0, connections=grown)
    both = replace(before, columns={**before.columns, Column("working_set_bytes"): leaky(ages()).column("rss_bytes")})
    proof = verify(both, sound(ages(), connections=2.0))
    assert proof.decision is INCONCLUSIVE
    assert check_of(proof, "same_metrics").numbers["missing"] == ["working_set_bytes"]


def test_connections_to_another_peer_still_count_in_total():
    grown = np.floor(3.0 * ages())
    before = leaky(ages(), connections=grown, **{"to_10.0.0.5": grown})
    moved = sound(ages(), connections=grown, **{"to_10.0.0.6": grown})
    proof = verify(before, moved)
    assert proof.decision in (NOT_FIXED, WORSE)
    gone = sound(ages(), connections=2.0, **{"to_10.0.0.6": 2.0})
    assert verify(before, gone).decision is NORMALIZED


def test_leak_in_connections_alone_is_proven_by_connections():
    grown = np.floor(3.0 * ages())
    before = sound(ages(), at=0.0, connections=grown)
    assert verify(before, sound(ages(), connections=3.0)).decision is NORMALIZED
    assert verify(before, sound(ages(), connections=grown)).decision is NOT_FIXED


def test_restarts_that_give_memory_back_are_no_fix():
    age = ages(400.0, 1.0)
    rows = tuple(range(20, 400, 20))
    started = np.repeat(age[[0, *rows]], 20)
    memory = pages(30.0 * MIB + 150.0 * KIB * (age - started) + noise(len(age), 20.0 * KIB))
    proof = verify(leaky(age), trace(age, at=LATER, rss_bytes=memory, lives=rows))
    assert proof.decision is not NORMALIZED
    assert check_of(proof, "no_extra_restarts").outcome is FAILED


def test_restarts_that_nobody_recorded_are_no_fix():
    age = ages(400.0, 1.0)
    memory = pages(30.0 * MIB + 150.0 * KIB * np.mod(age, 20.0) + noise(len(age), 20.0 * KIB))
    before, after = leaky(age), trace(age, at=LATER, rss_bytes=memory)
    untold = [replace(side, lives=(replace(side.lives[0], started_at=None, pid=None),)) for side in (before, after)]
    proof = verify(*untold)
    assert proof.decision is not NORMALIZED
    assert "no_unrecorded_restarts" in against(proof)


def test_what_was_not_read_is_said_to_be_assumed():
    told = verify(leaky(ages()), sound(ages()))
    assert told.reason.endswith("; assuming the same load, which was not read")
    sides = [replace(side, lives=(replace(side.lives[0], started_at=None),)) for side in (leaky(ages()), sound(ages()))]
    untold = verify(*sides)
    assert untold.decision is NORMALIZED
    assert untold.reason.endswith("; assuming the same load and no restarts, which was not read")


def test_flat_with_restarts_is_still_not_normalized():
    age = ages(400.0, 1.0)
    after = replace(sound(age), lives=trace(age, at=LATER, lives=(100, 200, 300), rss_bytes=1.0).lives)
    proof = verify(leaky(age), after)
    assert proof.decision is INCONCLUSIVE
    assert "no_extra_restarts" in against(proof)


def test_stable_step_up_is_not_normalized():
    proof = verify(leaky(ages()), sound(ages(), base=45.0 * MIB))
    assert proof.decision is INCONCLUSIVE
    assert check_of(proof, "level").outcome is FAILED


def test_step_up_after_the_rollout_is_not_normalized():
    age = ages()
    memory = pages(25.0 * MIB + 4.5 * MIB * (age > 30.0) + noise(len(age), 20.0 * KIB))
    assert verify(leaky(age), trace(age, at=LATER, rss_bytes=memory)).decision is not NORMALIZED


def test_memory_that_went_to_swap_is_not_given_back():
    before = leaky(ages(), swap_bytes=0.0)
    assert verify(before, sound(ages(), swap_bytes=pages(150.0 * KIB * ages()))).decision is not NORMALIZED
    assert verify(before, sound(ages(), swap_bytes=0.0)).decision is NORMALIZED


def test_oom_kill_after_is_not_normal():
    kills = np.where(ages() > 20.0, 1.0, 0.0)
    proof = verify(leaky(ages()), sound(ages(), oom_kills_total=kills))
    assert proof.decision is NOT_FIXED
    assert check_of(proof, "no_oom_kill").outcome is FAILED
    assert "give it with --limit" in proof.reason


@pytest.mark.parametrize(("limit", "why"), [(32 * MIB, "the limit is too low"), (512 * MIB, "a spike between")])
def test_a_kill_at_flat_memory_says_whether_the_limit_or_a_spike_did_it(limit, why):
    kills = np.where(ages() > 20.0, 1.0, 0.0)
    after = replace(sound(ages(), oom_kills_total=kills), facts=Facts(limit_bytes=limit))
    proof = verify(leaky(ages()), after)
    assert proof.decision is NOT_FIXED
    assert why in proof.reason


def test_a_kill_that_is_new_is_worse_even_where_nothing_leaked():
    killed = sound(ages(), oom_kills_total=np.where(ages() > 20.0, 1.0, 0.0))
    assert verify(sound(ages(), at=0.0, oom_kills_total=0.0), killed).decision is WORSE
    assert verify(sound(ages(), at=0.0), killed).decision is INCONCLUSIVE  # who knows what was before


def test_growth_before_a_long_idle_time_is_not_cut_as_a_warm_up():
    busy = np.minimum(ages(), 12.0)
    memory = pages(30.0 * MIB + 150.0 * KIB * busy + noise(len(busy), 20.0 * KIB))
    after = trace(ages(), at=LATER, rss_bytes=memory, requests_total=requests(busy))
    assert verify(leaky(ages(), requests_total=requests(ages())), after).decision is not NORMALIZED


@pytest.mark.parametrize("many", [6, 12])
def test_one_process_that_still_leaks_among_many_is_no_fix(many):
    age, rows = np.tile(ages(), many), tuple(range(80, 80 * many, 80))
    old = pages(30.0 * MIB + 150.0 * KIB * age + noise(len(age), 20.0 * KIB))
    new = pages(30.0 * MIB + noise(len(age), 20.0 * KIB, seed=9))
    fixed = verify(trace(age, lives=rows, rss_bytes=old), trace(age, at=LATER, lives=rows, rss_bytes=new))
    assert fixed.decision is NORMALIZED
    assert check_of(fixed, "each_process").numbers["processes"] == many
    new[-80:] += 150.0 * KIB * ages()
    proof = verify(trace(age, lives=rows, rss_bytes=old), trace(age, at=LATER, lives=rows, rss_bytes=new))
    assert proof.decision is IMPROVED
    assert f"of {many} processes still grows" in check_of(proof, "each_process").reason


@pytest.mark.parametrize(("came", "decision"), [(0.0, INCONCLUSIVE), (3_600.0, NORMALIZED)])
def test_leak_that_had_begun_late_before_the_first_sample_needs_that_age_again(came, decision):
    """An hour old at the first sample: it had either grown for all of that hour, or for none of it."""
    memory = pages(30.0 * MIB + 150.0 * KIB * (ages() + came) + noise(len(ages()), 20.0 * KIB))
    before = trace(ages(), rss_bytes=memory)
    aged = replace(before, lives=tuple(replace(life, started_at=EPOCH - 3_600.0) for life in before.lives))
    proof = verify(aged, sound(ages()))
    assert proof.decision is decision, proof.reason
    if decision is INCONCLUSIVE:
        assert proof.needs_more_s == pytest.approx(3_600.0, rel=0.05)
        assert "began at an age of 59.9 min" in proof.reason


def test_a_ceiling_at_which_callers_wait_is_no_fix():
    climbing = np.floor(5.0 + 2.0 * ages())
    before = leaky(ages(), connections=climbing, pool_waiters=0.0)
    proof = verify(before, sound(ages(), connections=20.0, pool_waiters=7.0))
    assert proof.decision is NOT_FIXED
    assert check_of(proof, "no_other_fault").outcome is FAILED
    assert verify(before, sound(ages(), connections=20.0, pool_waiters=0.0)).decision is NORMALIZED


def test_what_still_falls_has_not_settled():
    age = ages(400.0, 5.0)
    falling = pages(60.0 * MIB - 100.0 * KIB * age + noise(len(age), 20.0 * KIB))
    proof = verify(leaky(age), trace(age, at=LATER, rss_bytes=falling))
    assert proof.decision is INCONCLUSIVE
    assert "has not settled" in proof.reason


def test_steady_leak_asks_for_fewer_requests():
    before = leaky(ages(), requests_total=requests(ages(), 100.0))
    new = ages(40.0, 0.25)
    after = trace(
        new, at=LATER, rss_bytes=pages(28.0 * MIB + noise(len(new), 20.0 * KIB)), requests_total=requests(new, 35.0)
    )
    assert verify(before, after).decision is NORMALIZED
    strict = VerificationPolicy(requests_share=0.5, steady_requests_share=0.5)
    assert check_of(verify(before, after, verification=strict), "load").outcome is UNKNOWN


@pytest.mark.parametrize(
    ("ending", "decision"),
    [
        (Ending(at=0.0, cause="oom_killed", signal=9), NOT_FIXED),
        (Ending(at=0.0, cause="signalled", signal=11), INCONCLUSIVE),
        (Ending(at=0.0, cause="exited", exit_status=1), INCONCLUSIVE),
        (Ending(at=0.0, cause="signalled", signal=15), NORMALIZED),
        (Ending(at=0.0, cause="exited", exit_status=0), NORMALIZED),
    ],
)
def test_how_the_new_process_ended_counts(ending, decision):
    assert verify(leaky(ages()), replace(sound(ages()), facts=Facts(ending=ending))).decision is decision


def test_collected_heaps_are_held_against_each_other_by_their_floors():
    age = ages(1_800.0, 2.0)
    saw = 6.0 * MIB * np.mod(age / 60.0, 1.0)
    before = trace(age, rss_bytes=pages(40.0 * MIB + 15.0 * KIB * age + saw + noise(len(age), 50.0 * KIB)))
    after = trace(age, at=LATER, rss_bytes=pages(40.0 * MIB + saw + noise(len(age), 50.0 * KIB)))
    assert verify(before, after).decision is NORMALIZED
    assert verify(before, replace(before, times=before.times + LATER)).decision is NOT_FIXED


def test_leak_in_bursts_must_have_had_time_for_the_next():
    age, young = ages(1_200.0, 2.0), ages(190.0, 2.0)
    before = trace(age, rss_bytes=pages(30.0 * MIB + 8.0 * MIB * np.floor(age / 240.0) + noise(len(age), 20.0 * KIB)))
    after = trace(young, at=LATER, rss_bytes=pages(30.0 * MIB + noise(len(young), 20.0 * KIB)))
    proof = verify(before, after)
    assert proof.decision is INCONCLUSIVE
    assert check_of(proof, "pauses").outcome is UNKNOWN


def test_leak_that_begins_late_in_life_must_have_had_time_to_begin():
    age, young = ages(1_200.0, 2.0), ages(500.0, 2.0)
    late = 60.0 * KIB * np.maximum(age - 600.0, 0.0)
    before = trace(age, rss_bytes=pages(30.0 * MIB + late + noise(len(age), 20.0 * KIB)))
    after = trace(young, at=LATER, rss_bytes=pages(30.0 * MIB + noise(len(young), 20.0 * KIB)))
    assert verify(before, after).decision is INCONCLUSIVE


def test_only_the_last_build_counts_after():
    old, new = leaky(ages(), at=LATER), sound(ages(), at=2 * LATER)
    both = replace(
        new,
        times=np.concatenate([old.times, new.times]),
        lives=(
            replace(old.lives[0], version="1"),
            replace(new.lives[0], first=len(old), stop=len(old) + len(new), version="2"),
        ),
        columns={Column("rss_bytes"): np.concatenate([old.column("rss_bytes"), new.column("rss_bytes")])},
    )
    assert verify(leaky(ages()), both).decision is NORMALIZED


def test_workers_are_compared_process_by_process():
    """Four leaking workers before, one after: a quarter of the total growth, and all of each process's."""
    age = ages()
    workers = trace(
        np.tile(age, 4),
        lives=(80, 160, 240),
        rss_bytes=np.concatenate(
            [pages(30.0 * MIB + 150.0 * KIB * age + noise(80, 20.0 * KIB, seed)) for seed in range(4)]
        ),
    )
    assert verify(workers, leaky(age, at=LATER)).decision is NOT_FIXED
    assert verify(workers, sound(age)).decision is NORMALIZED


@pytest.mark.parametrize(
    ("kind", "may_differ", "decision"),
    [
        (SubjectKind.PROCESS, 0.0, INCONCLUSIVE),
        (SubjectKind.PROCESS, 1.0, NORMALIZED),
        (SubjectKind.FILE, 0.0, NORMALIZED),
    ],
)
def test_names_of_processes_must_agree_and_those_of_files_are_noted(kind, may_differ, decision):
    before, after = (
        replace(side, subject=replace(side.subject, kind=kind, name=name))
        for side, name in ((leaky(ages()), "payments"), (sound(ages()), "billing"))
    )
    proof = verify(before, after, verification=VerificationPolicy(names_may_differ=may_differ))
    assert proof.decision is decision
    said = check_of(proof, "same_subject")
    assert "payments and billing" in said.reason
    assert ("--policy verification.names_may_differ=1" in said.reason) is (decision is INCONCLUSIVE)


def test_what_is_missing_is_said_once():
    nothing = sound(ages())
    nothing = replace(nothing, columns={Column("rss_bytes"): np.full(len(nothing), np.nan)})
    proof = verify(leaky(ages()), nothing)
    assert proof.reason.count("not read after") == 1
    assert "after has no readings: give one metric on both sides" in proof.reason
    assert "nothing to cut" not in proof.reason


@pytest.mark.parametrize("empty", ["before", "after"])
def test_empty_side_is_inconclusive(empty):
    full = leaky(ages())
    none = replace(full, times=full.times[:0], lives=(), columns={Column("rss_bytes"): full.times[:0]})
    proof = verify(none, sound(ages())) if empty == "before" else verify(full, none)
    assert proof.decision is INCONCLUSIVE


def test_missing_readings_are_not_held_against_a_fix():
    age = ages()
    memory = sound(age).column("rss_bytes").copy()
    memory[::7] = np.nan
    assert verify(leaky(age), trace(age, at=LATER, rss_bytes=memory)).decision is NORMALIZED


def test_all_readings_missing_after_is_inconclusive():
    assert verify(leaky(ages()), trace(ages(), at=LATER, rss_bytes=np.nan)).decision is INCONCLUSIVE


def test_every_threshold_is_written_into_the_parameters():
    proof = verify(leaky(ages()), sound(ages()), verification=VerificationPolicy(flat_share=0.1))
    assert proof.parameters["verification"]["flat_share"] == 0.1
    assert {"growth", "connections", "leakdoc"} <= set(proof.parameters)


def test_before_that_was_old_from_the_start_is_told():
    come = 150.0 * KIB * 600.0
    before = trace(ages(), rss_bytes=leaky(ages()).columns[Column("rss_bytes")] + come)
    old = replace(before, lives=tuple(replace(life, started_at=EPOCH - 600.0) for life in before.lives))
    proof = verify(old, sound(ages()))
    assert proof.decision is NORMALIZED
    assert "old when it was first sampled" in proof.reason
    assert "old when" not in verify(before, sound(ages())).reason


def test_garbage_after_a_rollout_is_no_leak_of_it():
    flat, grows = sound(ages(), at=0.0), leaky(ages(), at=LATER)
    rss, left = Column("rss_bytes"), {Column("heap_after_gc_bytes"): np.full(len(flat), 20.0 * MIB)}
    before, after = (
        replace(each, columns={rss: each.columns[rss], Column("heap_bytes"): each.columns[rss], **extra})
        for each, extra in ((flat, left), (grows, left))
    )
    assert verify(before, after).decision is INCONCLUSIVE
    told = [{name: values for name, values in each.columns.items() if name not in left} for each in (before, after)]
    assert (
        verify(*(replace(each, columns=own) for each, own in zip((before, after), told, strict=True))).decision is WORSE
    )
