"""A guarded rollout: what counts as harm, and when a rollback counts."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest

from leakdoc.detection.policies import Policies
from leakdoc.errors import UnreadableSource
from leakdoc.model.decision import ProofDecision
from leakdoc.model.trace import Ending, Facts
from leakdoc.testing.clock import FakeClock
from leakdoc.verification import commands_in_time
from leakdoc.verification.growing_workload import GrowingWorkload
from leakdoc.verification.guarding import Harm, guard, was_killed
from leakdoc.verification.rollback import _MOST_ON_DISK, SERVING_S, _keep_the_end, passes, roll_back
from leakdoc.verification.verify import verify
from leakdoc.verification.windows import keep
from tests.program import Program
from tests.unit.verification_scenes import EPOCH, LATER, ages, leaky, sound, trace

QUIET = sound(ages(60.0), at=0.0)


class Growing:
    """A trace that becomes visible as a clock goes on."""

    def __init__(self, whole, clock, *, lasts_s=1e9):
        self._whole, self._clock, self._lasts_s = whole, clock, lasts_s

    def trace(self):
        seen = keep(self._whole, self._whole.times <= self._whole.times[0] + self._clock.monotonic())
        return seen if self._clock.monotonic() < self._lasts_s else self._whole

    def ended(self):
        return self._clock.monotonic() >= self._lasts_s


def guarded(whole, *, before=QUIET, for_s=200.0, lasts_s=1e9):
    clock = FakeClock()
    return guard(before, Growing(whole, clock, lasts_s=lasts_s), for_s=for_s, policies=Policies(), clock=clock), clock


def test_leak_that_the_rollout_brought_is_harm_and_ends_the_guard():
    found, clock = guarded(leaky(ages(300.0), at=LATER))
    assert found.harm is Harm.WORSE
    assert found.decision is ProofDecision.WORSE
    assert clock.monotonic() < 150.0


def test_sound_version_is_watched_to_the_end_and_does_no_harm():
    found, clock = guarded(sound(ages(300.0)))
    assert found.harm is None
    assert found.sound
    assert clock.monotonic() == pytest.approx(200.0)


def test_leak_that_goes_on_is_no_harm_that_a_rollback_would_cure():
    found, _ = guarded(leaky(ages(300.0), at=LATER), before=leaky(ages(60.0)))
    assert found.decision is ProofDecision.NOT_FIXED
    assert found.harm is None
    assert not found.sound


def test_kill_for_want_of_memory_is_harm_at_once_and_with_too_few_readings():
    killed = Facts(ending=Ending(at=EPOCH, cause="oom_killed", signal=9))
    found, _ = guarded(replace(sound(ages(5.0)), facts=killed), lasts_s=3.0)
    assert found.harm is Harm.OOM_KILLED
    assert found.decision is ProofDecision.WORSE
    assert "want of memory" in found.reason


def test_crash_and_end_are_no_harm():
    crashed = Facts(ending=Ending(at=EPOCH, cause="signalled", signal=11))
    found, _ = guarded(replace(sound(ages(5.0)), facts=crashed), lasts_s=3.0)
    assert found.harm is None
    assert found.decision is ProofDecision.INCONCLUSIVE


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        (Ending(at=EPOCH, cause="signalled", signal=11), "(signal 11)"),
        (Ending(at=EPOCH, cause="exited", exit_status=1), "(exit status 1)"),
    ],
)
def test_a_crash_says_how_it_ended_and_nothing_that_is_not_known(ending, told):
    found = verify(leaky(ages()), replace(sound(ages()), facts=Facts(ending=ending)))
    assert found.decision is ProofDecision.INCONCLUSIVE
    assert f"it crashed after the rollout {told}" in found.reason


def test_kill_in_a_control_group_is_ours_only_where_one_of_ours_ended():
    age = np.arange(1.0, 11.0)
    kills = np.concatenate([np.zeros(10), np.ones(10)])
    assert not was_killed(trace(age, rss_bytes=0.0, oom_kills_total=kills[5:15]))
    replaced = trace(np.concatenate([age, 20.0 + age]), lives=(10,), rss_bytes=0.0, oom_kills_total=kills)
    assert was_killed(replaced)


def python(code):
    return [sys.executable, "-c", code]


def test_rollback_counts_once_the_old_build_serves_three_times_in_a_row(tmp_path):
    answers = iter([False, True, False, True, True, True, False])
    done = roll_back(python("print('done'); print('password=hunter2')"), lambda: next(answers), clock=FakeClock())
    assert done.verified is True
    assert done.exit_status == 0
    assert "done" in done.output
    assert "hunter2" not in done.output
    assert next(answers) is False


def test_rollback_runs_once(tmp_path):
    log = tmp_path / "log"
    roll_back(python(f"open({str(log)!r}, 'a').write('x')"), lambda: True, clock=FakeClock())
    assert log.read_text() == "x"


def test_rollback_that_fails_is_not_counted_and_calls_for_a_person():
    done = roll_back(python("import sys; print('no'); sys.exit(7)"), lambda: True, clock=FakeClock())
    assert (done.verified, done.exit_status) == (False, 7)
    assert "a person is needed" in done.reason


def test_rollback_after_which_nothing_serves_is_not_counted():
    clock = FakeClock()
    done = roll_back(python("pass"), lambda: False, clock=clock)
    assert done.verified is False
    assert "does not serve" in done.reason
    assert clock.monotonic() >= SERVING_S


def test_rollback_of_which_nobody_can_tell_is_not_counted_either():
    assert roll_back(python("pass"), lambda: None, clock=FakeClock()).verified is None


def test_program_that_is_not_there_fails():
    done = roll_back(["/no/such/program"], lambda: True, clock=FakeClock())
    assert (done.verified, done.exit_status) == (False, None)


def test_long_output_is_kept_from_its_end():
    done = roll_back(python("print('x\\n' * 100000 + 'the end')"), lambda: True, clock=FakeClock())
    assert done.output.endswith("the end")
    assert len(done.output) < 70_000


@pytest.mark.parametrize(("code", "serves"), [("pass", True), ("import sys; sys.exit(1)", False)])
def test_check_is_passed_by_exit_status_0(code, serves):
    assert passes(python(code))() is serves
    assert passes(["/no/such/program"])() is False


def test_server_that_is_away_for_a_moment_says_nothing_of_the_build():
    answers = iter([True, UnreadableSource("away"), True, True, True])

    def serves():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert roll_back(python("pass"), serves, clock=FakeClock()).verified is True


def test_server_that_stays_away_leaves_it_open_whether_the_old_build_serves():
    def serves():
        raise UnreadableSource("it cannot be reached")

    done = roll_back(python("pass"), serves, clock=FakeClock())
    assert done.verified is None
    assert "could not be told: it cannot be reached" in done.reason


def test_look_that_a_server_does_not_answer_is_no_end():
    away = []
    looks = iter([UnreadableSource("busy"), trace(ages(60.0), rss_bytes=1e8), UnreadableSource("gone")])

    def read():
        found = next(looks)
        if isinstance(found, Exception):
            raise found
        return found

    growing = GrowingWorkload(read, EPOCH + 30.0, away=away.append)
    assert growing.trace() is None
    assert growing.trace() is not None
    assert growing.trace() is None
    assert [each.message for each in away] == ["busy", "gone"]
    assert growing.trouble is away[-1]


def wait_until(is_so, within_s=60.0):
    until = time.monotonic() + within_s
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    return is_so()


def is_running(pid):
    """Whether a process is there, and is more than what nobody has collected."""
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def test_command_that_hangs_is_ended_with_all_that_it_had_begun(tmp_path):
    told = tmp_path / "pids"
    begun = f"sleep 600 & echo $! >> {told}; setsid sh -c 'echo $$ >> {told}; exec sleep 600' & wait"
    stubborn = ["sh", "-c", f"trap '' TERM; {begun}; wait; wait; sleep 600"]
    process = Program(stubborn, start_new_session=True)
    try:
        assert wait_until(lambda: told.exists() and len(told.read_text().split()) == 2)
        pids = [int(pid) for pid in told.read_text().split()]
        commands_in_time._end(process)
        assert process.returncode == -signal.SIGKILL
        assert wait_until(lambda: not any(map(is_running, pids)))
    finally:
        process.end()


def test_command_that_does_not_end_in_time_has_no_exit_status():
    assert commands_in_time.run_in_time(["sleep", "600"], 0.1) is None


def test_a_rollback_that_hangs_is_ended_and_calls_for_a_person(monkeypatch):
    monkeypatch.setattr("leakdoc.verification.rollback.PATIENCE_S", 0.1)
    done = roll_back(["sleep", "600"], lambda: True, clock=FakeClock())
    assert (done.verified, done.exit_status) == (False, None)
    assert "ended with all that it had begun" in done.reason


def test_output_without_an_end_fills_no_disk(tmp_path):
    with (tmp_path / "kept").open("a+b") as kept:
        kept.write(b"x" * (_MOST_ON_DISK + 1) + b"the end")
        kept.flush()
        _keep_the_end(kept.fileno())
        kept.write(b", and more")
    left = (tmp_path / "kept").read_bytes()
    assert len(left) < 100_000
    assert left.endswith(b"the end, and more")
