"""The sampler on a clock and a process that the test owns."""

from __future__ import annotations

import errno
import signal
import threading

import pytest

from leakdoc.errors import TargetGone
from leakdoc.model.sample import Column, Reason, Sample
from leakdoc.sampling.ending import ending_of
from leakdoc.sampling.exit_status import ExitStatus, from_wait_status
from leakdoc.sampling.pace import SLOWEST_S, Beat, Pace
from leakdoc.sampling.plan import Plan, PlannedProbe
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import UnexpectedText
from leakdoc.sampling.sampler import Sampler
from leakdoc.testing.clock import FakeClock
from leakdoc.testing.process import FakeProcess

RSS = Column("rss_bytes")


def growing(age_s: float) -> float:
    return 1e6 + 10.0 * age_s


def take(sampler: Sampler, count: int, interval_s: float = 1.0) -> list[Sample]:
    stop = threading.Event()
    taken = []
    for sample in sampler.iter_samples(interval_s, stop):
        taken.append(sample)
        if len(taken) == count:
            stop.set()
    return taken


def test_deadlines_are_absolute_so_that_reading_does_not_make_them_drift() -> None:
    clock = FakeClock(at=0.0)

    def slow(age_s: float) -> float:
        clock.advance(0.25)
        return age_s

    sampler = FakeProcess({"rss_bytes": slow}, clock=clock).sampler()
    assert [sample.at for sample in take(sampler, 4)] == [0.0, 1.0, 2.0, 3.0]
    assert sampler.missed_ticks == 0


def test_a_tick_that_takes_too_long_makes_others_be_missed_not_late() -> None:
    clock = FakeClock(at=0.0)
    delays = iter([2.5, 0.0, 1.0, 0.0])

    def slow(age_s: float) -> float:
        clock.advance(next(delays))
        return age_s

    sampler = FakeProcess({"rss_bytes": slow}, clock=clock).sampler()
    assert [sample.at for sample in take(sampler, 4)] == [0.0, 3.0, 4.0, 5.0]
    assert sampler.missed_ticks == 2
    assert sampler.facts().notes == ("2 samples were missed: the one before was not dealt with in time",)


def test_a_step_of_the_wall_clock_does_not_change_the_interval() -> None:
    clock = FakeClock(at=1_000.0)
    sampler = FakeProcess({"rss_bytes": growing}, clock=clock).sampler()
    samples = sampler.iter_samples(1.0, threading.Event())
    next(samples)
    clock.step(-500.0)
    assert next(samples).at == 1_001.0
    assert clock.waits == [1.0]
    assert sampler.facts().notes == ("the system's clock was set back by 8.3 min; times went on as before",)


def test_a_clock_that_is_set_back_and_forth_leaves_times_in_order_and_at_last_right() -> None:
    clock = FakeClock(at=1_000.0)
    sampler = FakeProcess({"rss_bytes": growing}, clock=clock).sampler()
    times = []
    for step in (0.0, -500.0, 0.3, 499.7, 3_600.0, -0.4):
        clock.step(step)
        clock.advance(1.0)
        times.append(sampler.sample().at)
    assert times == pytest.approx([1_001.0, 1_002.0, 1_003.3, 1_004.3, 4_605.0, 4_605.6], abs=0.31)
    assert times == sorted(set(times))
    assert times[-1] == pytest.approx(clock.now(), abs=0.31)


def test_nothing_is_sampled_once_stop_is_set() -> None:
    stop = threading.Event()
    stop.set()
    assert list(FakeProcess({"rss_bytes": growing}).sampler().iter_samples(1.0, stop)) == []


@pytest.mark.parametrize(
    ("for_s", "interval_s", "times"),
    [(2.0, 15.0, [0.0, 2.0]), (3.0, 1.0, [0.0, 1.0, 2.0, 3.0]), (2.5, 1.0, [0.0, 1.0, 2.0, 2.5]), (0.0, 1.0, [0.0])],
)
def test_the_last_sample_is_taken_when_time_is_up(for_s: float, interval_s: float, times: list[float]) -> None:
    sampler = FakeProcess({"rss_bytes": growing}, clock=FakeClock(at=0.0)).sampler()
    samples = sampler.iter_samples(interval_s, threading.Event(), for_s=for_s)
    assert [sample.at for sample in samples] == times


def test_a_caller_who_is_busy_beyond_the_end_is_given_the_last_sample_too() -> None:
    clock = FakeClock(at=0.0)
    sampler = FakeProcess({"rss_bytes": growing}, clock=clock).sampler()
    times = []
    for sample in sampler.iter_samples(1.0, threading.Event(), for_s=2.0):
        times.append(sample.at)
        clock.advance(2.5)
    assert times == [0.0, 2.5]


def test_a_process_that_ends_is_not_sampled_again_and_says_how_it_ended() -> None:
    process = FakeProcess({"rss_bytes": growing}, dies_at_s=3.0, status=ExitStatus(signal=signal.SIGTERM))
    sampler = process.sampler()
    seen = []
    with pytest.raises(TargetGone):
        for sample in sampler.iter_samples(1.0, threading.Event()):
            seen.append(sample.values[RSS])
    assert seen == [1e6, 1e6 + 10, 1e6 + 20]
    ending = sampler.ending()
    assert ending is not None
    assert (ending.cause, ending.signal, ending.exit_status) == ("signalled", signal.SIGTERM, None)
    assert sampler.facts().ending == ending


def test_a_status_that_comes_late_is_believed() -> None:
    process = FakeProcess({"rss_bytes": growing})
    sampler = process.sampler()
    assert sampler.ending() is None
    process.exit()
    unknown = sampler.ending()
    process.clock.advance(1.0)
    process.exit(ExitStatus(status=3))
    told = sampler.ending()
    assert unknown is not None and told is not None
    assert (unknown.cause, told.cause, told.exit_status) == ("unknown", "exited", 3)
    assert told.at == unknown.at


def test_what_cannot_be_read_is_absent_with_its_reason_until_it_can_be() -> None:
    answers = iter([1.0, None, 2.0])
    sampler = FakeProcess({"rss_bytes": lambda _: next(answers), "threads": lambda _: 1.0}).sampler()
    first, second, third = take(sampler, 3)
    assert first.unavailable == {} and third.unavailable == {}
    assert second.unavailable == {"rss_bytes": "unsupported"}
    assert RSS not in second.values


class Failing:
    """A probe that raises what it is given."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def read(self, reading: Reading) -> None:
        if self.error is not None:
            raise self.error
        reading.values[Column("open_fds")] = 3.0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(), Reason.DENIED),
        (ProcessLookupError(), Reason.GONE),
        (FileNotFoundError(), Reason.UNSUPPORTED),
        (OSError(errno.EMFILE, "Too many open files"), "unreadable: Too many open files"),
        (TimeoutError("timed out"), "unreadable: timed out"),
        (OSError(errno.ENOSYS, "Function not implemented"), Reason.UNSUPPORTED),
        (UnexpectedText("odd"), Reason.UNSUPPORTED),
    ],
)
def test_a_probe_that_fails_leaves_the_others_alone(error: Exception, reason: str) -> None:
    process = FakeProcess({"rss_bytes": growing})
    failing = PlannedProbe(
        name="failing", probe=Failing(error), metrics=("open_fds",), beat=Beat(every_s=0.0, budget=1.0)
    )
    plan = Plan(
        probes=(failing, *process.plan().probes), lifeline=process, touched="", missing={"swap_bytes": "denied"}
    )
    sample = Sampler(process.target, plan, process.clock).sample()
    assert sample.values == {RSS: 1e6}
    assert sample.unavailable == {"open_fds": reason, "swap_bytes": "denied"}


def test_a_probe_past_its_budget_is_read_less_often_and_says_so() -> None:
    process = FakeProcess({"rss_bytes": growing})
    spent = iter(range(10_000))  # each reading costs one second of processor time
    costly = PlannedProbe(name="costly", probe=Failing(None), metrics=("open_fds",), beat=Beat(every_s=0.0, budget=0.5))
    plan = Plan(probes=(costly,), lifeline=process, touched="")
    sampler = Sampler(process.target, plan, process.clock, processor_time=lambda: float(next(spent)))
    read = [bool(sample.values) for sample in take(sampler, 8)]
    assert read == [True, True, False, True, False, True, False, True]
    assert sampler.facts().notes == ("costly: read every 2 s, to stay within 50.0% of a core",)


def test_a_beat_is_kept_when_there_is_money_for_it() -> None:
    pace = Pace(Beat(every_s=5.0, budget=0.01))
    due = []
    for now_s in range(12):
        due.append(pace.is_due(float(now_s)))
        if due[-1]:
            pace.spent(float(now_s), 0.001)
    assert [at for at, is_due in enumerate(due) if is_due] == [0, 5, 10]
    assert not pace.is_slowed


def test_one_costly_reading_does_not_slow_a_probe_but_two_do_and_never_beyond_the_slowest() -> None:
    pace = Pace(Beat(every_s=1.0, budget=0.01))
    pace.spent(0.0, 10.0)
    pace.spent(1.0, 0.001)
    assert pace.period_s == 1.0
    pace.spent(2.0, 10.0)
    pace.spent(3.0, 10.0)
    assert pace.period_s == SLOWEST_S


@pytest.mark.parametrize(
    ("status", "oom_killed", "cause"),
    [
        (None, False, "unknown"),
        (None, True, "oom_killed"),
        (ExitStatus(status=0), True, "exited"),
        (ExitStatus(signal=9), True, "oom_killed"),
        (ExitStatus(signal=9), False, "signalled"),
        (ExitStatus(signal=15), True, "signalled"),
    ],
)
def test_a_status_that_says_otherwise_is_believed_over_the_killers_counter(
    status: ExitStatus | None, oom_killed: bool, cause: str
) -> None:
    assert ending_of(0.0, status, oom_killed=oom_killed).cause == cause


def test_a_wait_status_tells_an_exit_from_a_signal() -> None:
    assert from_wait_status(3 << 8) == ExitStatus(status=3)
    assert from_wait_status(9) == ExitStatus(signal=9)
    assert from_wait_status(11 | 0x80) == ExitStatus(signal=11)
