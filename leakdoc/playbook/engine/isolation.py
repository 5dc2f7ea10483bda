"""A step in a process group of its own, so that its time's end, or the runner's death, ends all of it.

The child is forked, not started anew: loading every step again would cost more than most steps take. Where other
threads run (a notebook, a server), a fork is not safe, and the step runs in a thread instead; commands then still have
groups of their own, but a step in Python cannot be ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from leakdoc.errors import LeakdocError
from leakdoc.model.decision import Outcome
from leakdoc.model.documents import step_result_document
from leakdoc.model.step import StepResult
from leakdoc.playbook.context import StepContext
from leakdoc.playbook.conversion import convert
from leakdoc.playbook.earlier import step_result_from
from leakdoc.playbook.running import GRACE_S, limit_of, run_step
from leakdoc.playbook.step import Act, Step
from leakdoc.units import format_duration

_LOOK_S: Final = 0.2
_CHUNK: Final = 1 << 16


def run_isolated(
    step: Step, values: Mapping[str, Any], ctx: StepContext, timeout_s: float | None, act: Act
) -> StepResult:
    """Run one of a step's functions to its end.

    Returns:
        Its result; wrong parameters, a crash and the end of its time are the outcome `error`.
    """
    try:
        arguments = convert(step.function, values, earlier=ctx.earlier)
    except LeakdocError as error:
        return _error(step, f"its parameters do not fit: {_in_one_line(error)}")
    limit_s = limit_of(step, arguments) if timeout_s is None else timeout_s
    if not (hasattr(os, "fork") and hasattr(os, "waitid")) or threading.active_count() > 1:
        return _caught(step, lambda: run_step(step, values, ctx, timeout_s=limit_s, act=act))
    return _Child(step, values, ctx, limit_s, act).result()


class _Child:
    """The runner's end of the two pipes to a forked step."""

    def __init__(self, step: Step, values: Mapping[str, Any], ctx: StepContext, limit_s: float, act: Act) -> None:
        self._step, self._values, self._ctx, self._limit_s, self._act = step, values, ctx, limit_s, act
        self._buffer = b""
        self._result: StepResult | None = None

    def result(self) -> StepResult:
        to_child, from_child = os.pipe(), os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 counts the threads of numpy's BLAS too
            pid = os.fork()
        if pid == 0:
            os.close(to_child[1])
            os.close(from_child[0])
            _be_the_step(self._step, self._values, self._ctx, self._limit_s, self._act, to_child[0], from_child[1])
        os.close(to_child[0])
        os.close(from_child[1])
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)  # the child does so too: whoever is first
        try:
            self._listen(from_child[0], to_child[1])
            self._wait_for_exit(pid)
        finally:
            if self._result is None or self._result.outcome is Outcome.ERROR:
                with contextlib.suppress(OSError):
                    os.killpg(pid, signal.SIGKILL)  # the child too, and all that it began
            status = _status_of(pid)
            os.close(to_child[1])
            os.close(from_child[0])
        return self._result or _error(self._step, self._why_without_result(status))

    def _listen(self, readable: int, writable: int) -> None:
        deadline = time.monotonic() + self._limit_s + 2 * GRACE_S
        while self._result is None and (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([readable], [], [], min(left, _LOOK_S))
            if not ready:
                continue
            chunk = os.read(readable, _CHUNK)
            if not chunk:
                return
            self._buffer += chunk
            *lines, self._buffer = self._buffer.split(b"\n")
            for line in lines:
                self._heard(json.loads(line), writable)

    def _heard(self, message: dict[str, Any], writable: int) -> None:
        if "progress" in message:
            self._ctx.progress(message["progress"])
        elif "ask" in message:
            answer = self._ctx.ask(message["ask"])
            os.write(writable, json.dumps(answer).encode() + b"\n")
        else:
            self._result = step_result_from(message["result"])

    def _wait_for_exit(self, pid: int) -> None:
        """Give the child a moment to end after its result, without reaping it: its group keeps its number."""
        deadline = time.monotonic() + GRACE_S
        while time.monotonic() < deadline:
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                return
            time.sleep(_LOOK_S / 20)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)

    def _why_without_result(self, status: int | None) -> str:
        if status is None:
            return "it was killed, and the system does not let go of it: look at its disks and networks"
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGKILL:
            return f"ended by signal {os.WTERMSIG(status)}"
        return f"did not end within {format_duration(self._limit_s)}, nor when it was told to stop; it was ended"


def _status_of(pid: int) -> int | None:
    """Collect a child that has ended or was killed; null where the system still holds it."""
    deadline = time.monotonic() + GRACE_S
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > deadline:
            return None
        time.sleep(_LOOK_S / 100)


def _be_the_step(
    step: Step, values: Mapping[str, Any], ctx: StepContext, limit_s: float, act: Act, alive: int, out: int
) -> None:
    """Be the child: run the step, tell its result, and end; never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        answers = _Answers(alive)
        say = _Saying(out)
        inside = replace(
            ctx, owns_group=True, progress=lambda text: say({"progress": text}), ask=lambda text: answers.to(say, text)
        )
        result = _caught(step, lambda: run_step(step, values, inside, timeout_s=limit_s, act=act))
        say({"result": step_result_document(result)})
        code = 0
    except BaseException:  # nobody is there to catch it: the runner tells of a child that has told no result
        if os.environ.get("LEAKDOC_DEBUG"):
            traceback.print_exc()
    finally:
        os._exit(code)


class _Saying:
    """Writes messages to the runner, one a line."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._lock = threading.Lock()

    def __call__(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        with self._lock:
            while data:
                data = data[os.write(self._out, data) :]


class _Answers:
    """Reads the runner's answers; when the runner has died, it ends the whole group."""

    def __init__(self, alive: int) -> None:
        self._alive = alive
        self._answers: list[str | None] = []
        self._told = threading.Condition()
        threading.Thread(target=self._listen, name="runner's lifeline", daemon=True).start()

    def to(self, say: Callable[[dict[str, Any]], None], question: str) -> str | None:
        """Ask the runner, and wait for what its person answers."""
        with self._told:
            say({"ask": question})
            self._told.wait_for(lambda: bool(self._answers))
            return self._answers.pop()

    def _listen(self) -> None:
        with open(self._alive, "rb", closefd=False) as lines:
            for line in lines:
                with self._told:
                    self._answers.append(json.loads(line))
                    self._told.notify()
        os.killpg(0, signal.SIGKILL)


def _caught(step: Step, run: Callable[[], StepResult]) -> StepResult:
    try:
        return run()
    except LeakdocError as error:
        return _error(step, _in_one_line(error))


def _in_one_line(error: LeakdocError) -> str:
    if error.help is None:
        return error.message
    return f"{error.message}{'' if error.message.endswith(('.', '?', '!')) else '.'} {error.help}"


def _error(step: Step, reason: str) -> StepResult:
    return StepResult(step=step.name, outcome=Outcome.ERROR, reason=reason)
