"""The loop: look at the state, do the one thing that is next, until there is nothing left or it must not go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leakdoc.playbook.engine.ending import end
from leakdoc.playbook.engine.guarding import guard
from leakdoc.playbook.engine.rolling_back import roll_back_next
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Stop
from leakdoc.playbook.engine.settling import settle
from leakdoc.playbook.engine.state import State
from leakdoc.playbook.engine.stepping import run_last, run_next


def go(runner: Runner) -> Stop:
    """Run until the run's end, or until it must not go on."""
    while True:
        rule = next(rule for is_due, rule in RULES if is_due(runner.state))
        stop = rule(runner)
        if stop is not None:
            return stop


def _has_open_intent(state: State) -> bool:
    return state.open is not None


def _has_rollbacks(state: State) -> bool:
    return bool(state.to_roll_back)


def _has_a_guard(state: State) -> bool:
    return state.flow.guarding is not None and state.flow.conclusion is None


def _has_a_step(state: State) -> bool:
    return state.flow.next is not None


def _has_a_last_step(state: State) -> bool:
    return any(each.always and each.id not in state.flow.closed for each in state.playbook.steps)


def _is_over(_: State) -> bool:
    return True


RULES: Final[tuple[tuple[Callable[[State], bool], Callable[[Runner], Stop | None]], ...]] = (
    (_has_open_intent, settle),
    (_has_rollbacks, roll_back_next),
    (_has_a_guard, guard),
    (_has_a_step, run_next),
    (_has_a_last_step, run_last),
    (_is_over, end),
)
