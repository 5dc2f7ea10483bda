"""The loop of a watch, on a process and a clock that the test owns: hours pass at once."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import leakdoc
from leakdoc.detection.stopping import Stopped
from leakdoc.detection.watch import Progress
from leakdoc.errors import RecordingFull, TargetGone, UsageError
from leakdoc.model.decision import Decision
from leakdoc.model.sample import Sample
from leakdoc.sampling.recording import RecordingWriter
from leakdoc.testing.process import FakeProcess

MIB = 2.0**20


def leaking() -> FakeProcess:
    process = FakeProcess({"rss_bytes": lambda age_s: 100 * MIB + 0.1 * MIB * age_s}, limit_bytes=512 * MIB)
    process.clock.advance(3_600)
    return process


def flat() -> FakeProcess:
    process = FakeProcess({"rss_bytes": lambda age_s: 100 * MIB + 4096 * (int(age_s) * 7 % 5)})
    process.clock.advance(3_600)
    return process


def test_a_leak_ends_the_watch_long_before_its_time_is_up() -> None:
    watched = leakdoc.Watch(leaking().sampler()).run()
    assert watched.stopped is Stopped.DECIDED
    assert watched.diagnosis.decision is Decision.LEAKING
    assert len(watched.trace) < 300
    (memory,) = watched.diagnosis.findings
    assert memory.slope_per_hour is not None
    assert memory.slope_per_hour.estimate == pytest.approx(360 * MIB, rel=0.02)
    assert memory.time_to_limit_s is not None


def test_a_ramp_that_may_be_a_cache_is_waited_for_and_a_leak_that_goes_on_is_told_before_the_end() -> None:
    def fills(age_s: float) -> float:
        return 400 * MIB + 0.2 * MIB * min(age_s, 250.0) + 4_096 * (int(age_s) * 7 % 5)

    def leaks(age_s: float) -> float:
        return 400 * MIB + 0.2 * MIB * age_s + 4_096 * (int(age_s) * 7 % 5)

    filled = leakdoc.Watch(FakeProcess({"rss_bytes": fills}).sampler(), for_s=600).run()
    assert not filled.diagnosis.decision.is_fault
    leaked = leakdoc.Watch(FakeProcess({"rss_bytes": leaks}).sampler(), for_s=600).run()
    assert (leaked.diagnosis.decision, leaked.stopped) == (Decision.LEAKING, Stopped.DECIDED)
    assert 300 < len(leaked.trace) < 500


def test_the_more_a_process_has_grown_the_less_is_waited_for() -> None:
    def looked(rate: float) -> int:
        grows = {"rss_bytes": lambda age_s: 30 * MIB + rate * MIB * age_s + 4_096 * (int(age_s) * 7 % 5)}
        watched = leakdoc.Watch(FakeProcess(grows).sampler()).run()
        assert watched.diagnosis.decision is Decision.LEAKING
        return len(watched.trace)

    assert looked(10.0) < 60 < looked(0.5) < 200 < looked(0.1) < 600


def test_a_cache_that_doubles_a_young_process_is_waited_for() -> None:
    def fills(age_s: float) -> float:
        return 30 * MIB + 0.3 * MIB * min(age_s, 200.0) + 4_096 * (int(age_s) * 7 % 5)

    watched = leakdoc.Watch(FakeProcess({"rss_bytes": fills}).sampler()).run()
    assert not watched.diagnosis.decision.is_fault


def test_an_old_process_is_old_only_as_far_as_its_growth_can_be() -> None:
    """A day at 0.3 MiB/s would have made 25 GiB: this growth cannot be older than two minutes."""

    def fills(age_s: float) -> float:
        return 40 * MIB + 0.3 * MIB * min(max(age_s - 86_390.0, 0.0), 100.0) + 4_096 * (int(age_s) * 7 % 5)

    process = FakeProcess({"rss_bytes": fills})
    process.clock.advance(86_400.0)
    watched = leakdoc.Watch(process.sampler()).run()
    assert not watched.diagnosis.decision.is_fault


def test_a_leak_does_not_end_a_watch_that_is_to_go_on() -> None:
    watched = leakdoc.Watch(leaking().sampler(), for_s=600, stop_when_decided=False).run()
    assert watched.stopped is Stopped.TIME_IS_UP
    assert len(watched.trace) == 601


def test_what_is_stable_ends_the_watch_once_enough_was_seen() -> None:
    watched = leakdoc.Watch(flat().sampler()).run()
    assert watched.diagnosis.decision is Decision.STABLE
    assert watched.stopped in (Stopped.DECIDED, Stopped.TIME_IS_UP)


def test_the_death_of_the_target_ends_it_with_the_verdict_so_far(tmp_path: Path) -> None:
    process = FakeProcess({"rss_bytes": lambda _: 100 * MIB}, dies_at_s=50)
    watched = leakdoc.Watch(process.sampler(), record=tmp_path / "r.leakdoc", stop_when_decided=False).run()
    assert watched.stopped is Stopped.TARGET_ENDED
    assert len(watched.trace) == 50
    assert watched.diagnosis.ending is not None
    again = leakdoc.load_trace(tmp_path / "r.leakdoc")
    assert len(again) == 50
    assert again.facts.ending == watched.diagnosis.ending


def test_a_target_that_is_gone_before_the_first_sample_is_an_error() -> None:
    with pytest.raises(TargetGone):
        leakdoc.Watch(FakeProcess({"rss_bytes": lambda _: 1.0}, dies_at_s=0).sampler()).run()


def test_progress_is_told_after_each_sample_and_marks_new_verdicts() -> None:
    told: list[Progress] = []
    leakdoc.Watch(flat().sampler(), for_s=60, on_progress=told.append).run()
    assert [progress.elapsed_s for progress in told[:3]] == [0.0, 1.0, 2.0]
    first = next(position for position, progress in enumerate(told) if progress.is_new)
    assert first == 29
    assert all(progress.diagnosis is None for progress in told[:first])
    assert told[first].diagnosis is not None


def test_stop_ends_it_with_its_verdict() -> None:
    watch = leakdoc.Watch(
        flat().sampler(), on_progress=lambda progress: watch.stop() if progress.elapsed_s > 9 else None
    )
    watched = watch.run()
    assert watched.stopped is Stopped.INTERRUPTED
    assert watched.diagnosis.decision is Decision.INCONCLUSIVE


def test_a_recording_that_fails_ends_it_with_its_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append_all = RecordingWriter.append_all

    def fail_after_forty(self: RecordingWriter, samples: Sequence[Sample]) -> None:
        if samples[0].at - first_at >= 40:
            raise RecordingFull("the disk is full")
        append_all(self, samples)

    process = flat()
    first_at = process.clock.now()
    monkeypatch.setattr(RecordingWriter, "append_all", fail_after_forty)
    watched = leakdoc.Watch(process.sampler(), record=tmp_path / "r.leakdoc", stop_when_decided=False).run()
    assert watched.stopped is Stopped.RECORDING_FAILED
    assert isinstance(watched.failure, RecordingFull)
    assert len(leakdoc.load_trace(tmp_path / "r.leakdoc")) == 40


def test_in_a_session_it_runs_aside_and_has_a_result_afterwards() -> None:
    with leakdoc.Watch(flat().sampler(), for_s=60) as watch:
        pass
    assert watch.result.trace.subject.name == "fake"


def test_in_asyncio_it_runs_beside_the_loop() -> None:
    async def session() -> leakdoc.Watched:
        async with leakdoc.Watch(flat().sampler(), for_s=60, stop_when_decided=False) as watch:
            await watch.finished()
        return watch.result

    watched = asyncio.run(session())
    assert len(watched.trace) == 61


def test_in_a_notebook_it_is_started_and_stopped_cell_by_cell() -> None:
    watch = leakdoc.Watch(flat().sampler(), for_s=60, stop_when_decided=False).start()
    assert watch.start() is watch
    watch.join()
    watch.stop()
    assert len(watch.result.trace) == 61


def test_what_goes_wrong_aside_is_raised_when_the_result_is_asked_for() -> None:
    with leakdoc.Watch(FakeProcess({"rss_bytes": lambda _: 1.0}, dies_at_s=0).sampler()) as watch:
        pass
    with pytest.raises(TargetGone):
        _ = watch.result


def test_there_is_no_result_before_it_has_run() -> None:
    with pytest.raises(UsageError):
        _ = leakdoc.Watch(flat().sampler()).result


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError):
        leakdoc.Watch(flat().sampler(), interval_s=0)


def test_growth_that_slows_down_from_third_to_third_is_waited_for() -> None:
    """Random keys, asked for at a rate that wanders: a curve that ends, but no exact one."""
    rng = np.random.default_rng(6)
    work = np.cumsum(np.clip(1.0 + 0.5 * np.sin(np.arange(400) / 11.0) + rng.normal(0.0, 0.3, 400), 0.1, None))

    def fills(age_s: float) -> float:
        return (12 + 50 * (1.0 - math.exp(-work[min(int(age_s), 399)] / 60.0))) * MIB

    watched = leakdoc.Watch(FakeProcess({"rss_bytes": fills}).sampler(), for_s=300).run()
    assert not watched.diagnosis.decision.is_fault, watched.diagnosis.reason


def test_a_quiet_process_is_not_promised_what_an_arena_may_hide() -> None:
    watched = leakdoc.Watch(FakeProcess({"rss_bytes": lambda _: 10 * MIB}).sampler(), for_s=300).run()
    (memory,) = watched.diagnosis.findings
    assert (memory.decision, watched.stopped) == (Decision.STABLE, Stopped.TIME_IS_UP)
    assert memory.smallest_detectable_per_hour is not None
    assert memory.smallest_detectable_per_hour >= 256 * 1_024 * 12
