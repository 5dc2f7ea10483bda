"""`leakdoc heap`: the ladder, climbed only as far as needed and allowed, and the report at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from leakdoc.attach.outside import Outside, read_outside
from leakdoc.attribution.inside import Inside, InsidePlan, look_inside
from leakdoc.attribution.reporting import report_of
from leakdoc.errors import AgentError, NoAgent, TargetGone
from leakdoc.model.heap import HeapReport, Rung
from leakdoc.sampling.agent_socket import AgentSocket
from leakdoc.sampling.clock import Clock, SystemClock
from leakdoc.sampling.process import Target
from leakdoc.sampling.procfs import ProcessDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a rung would do to the target, before it does."""

    rung: str
    cost: str


@dataclass(slots=True, kw_only=True)
class Climb:
    """How far the ladder has been climbed.

    Args:
        allows: says whether a rung may be used; asked before each that costs the target something.
        tells: takes a line about what is going on.
    """

    target: Target
    plan: InsidePlan
    allows: Callable[[Ask], bool]
    tells: Callable[[str], None]
    stop: threading.Event
    clock: Clock
    rungs: list[Rung] = field(default_factory=list)
    outside: list[Outside] = field(default_factory=list)
    inside: Inside | None = None
    touched: list[str] = field(default_factory=list)


def examine(
    target: Target,
    *,
    plan: InsidePlan | None = None,
    allows: Callable[[Ask], bool] = lambda _: True,
    tells: Callable[[str], None] = lambda _: None,
    stop: threading.Event | None = None,
    clock: Clock | None = None,
) -> HeapReport:
    """Find which lines, and which containers, keep what is growing.

    Raises:
        TargetGone: the process has ended.
        AccessDenied: it is not ours to look at.
    """
    climb = Climb(
        target=target,
        plan=plan or InsidePlan(),
        allows=allows,
        tells=tells,
        stop=stop or threading.Event(),
        clock=clock or SystemClock(),
    )
    directory = ProcessDirectory(target.pid)
    try:
        _ask_agent(climb, directory)
        if climb.inside is None:
            _look_from_outside(climb, directory)
    except (ProcessLookupError, FileNotFoundError) as error:
        raise TargetGone(f"process {target.pid} ({target.name}) ended while it was looked at") from error
    return report_of(
        target,
        outside=climb.outside,
        inside=climb.inside,
        rungs=climb.rungs,
        touched=climb.touched,
    )


def _look_from_outside(climb: Climb, directory: ProcessDirectory) -> None:
    _mark(climb, directory)
    climb.clock.wait(climb.plan.untraced_s, climb.stop)
    _mark(climb, directory)


def _mark(climb: Climb, directory: ProcessDirectory) -> None:
    climb.outside.append(read_outside(directory, climb.clock.monotonic()))


def _ask_agent(climb: Climb, directory: ProcessDirectory) -> None:
    """The rung of the agent that is there already."""
    try:
        agent = AgentSocket(climb.target.pid, patience_s=20.0)
    except NoAgent:
        climb.rungs.append(Rung(name="agent", used=False, reason="the process has none"))
        return
    except (AgentError, OSError) as error:
        climb.rungs.append(Rung(name="agent", used=False, reason=str(error).partition("\n")[0]))
        return
    with agent:
        plan = climb.plan
        cost = f"two looks of at most {2 * plan.budget_ms:.0f} ms of its processor time each"
        traced = replace(plan, traced_s=0.0)
        tracing = Ask(
            rung="agent", cost=f"{cost}, then {plan.traced_s:.0f} s in which allocating is several times slower"
        )
        if climb.allows(tracing):
            traced, cost = plan, tracing.cost
        climb.tells(f"asking the agent: {cost}")
        climb.inside = look_inside(agent, traced, climb.clock, climb.stop, lambda: _mark(climb, directory))
        climb.rungs.append(
            Rung(name="agent", used=True, reason=climb.inside.not_traced or "the process has one", cost=cost)
        )
        climb.touched.append(f"its agent was asked ({cost})")
