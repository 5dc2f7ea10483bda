"""`leakdoc heap`: the ladder, climbed only as far as needed and allowed, and the report at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from leakdoc.attach.alone import alone
from leakdoc.attach.injection import await_end, is_sent, sent_agent
from leakdoc.attach.outside import Outside, read_outside
from leakdoc.attach.place import Place, hand_over, place_in
from leakdoc.attach.preflight import Subject, preflight
from leakdoc.attribution.inside import Inside, InsidePlan, look_inside
from leakdoc.attribution.memray_windows import LENGTHS_S, memray_windows
from leakdoc.attribution.reporting import needs_native, report_of
from leakdoc.errors import AgentError, AttachBusy, AttachRefused, MissingDependency, NoAgent, NotPython, TargetGone
from leakdoc.model.heap import HeapReport, Rung
from leakdoc.sampling.agent_socket import AgentSocket, find_agent
from leakdoc.sampling.clock import Clock, SystemClock
from leakdoc.sampling.process import Target
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.units import format_size


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
    advice: list[str] = field(default_factory=list)
    accept_oom_risk: bool = False
    native: bool = False
    trims: bool = False
    captures: Callable[[Path], None] = lambda _: None


def examine(
    target: Target,
    *,
    plan: InsidePlan | None = None,
    allows: Callable[[Ask], bool] = lambda _: True,
    tells: Callable[[str], None] = lambda _: None,
    stop: threading.Event | None = None,
    clock: Clock | None = None,
    accept_oom_risk: bool = False,
    native: bool = False,
    trims: bool = False,
    captures: Callable[[Path], None] = lambda _: None,
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
        accept_oom_risk=accept_oom_risk,
        native=native,
        trims=trims,
        captures=captures,
    )
    directory = ProcessDirectory(target.pid)
    try:
        _ask_agent(climb, directory)
        if climb.inside is None:
            _send_agent(climb, directory)
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
        advice=climb.advice,
    )


def _look_from_outside(climb: Climb, directory: ProcessDirectory) -> None:
    climb.outside.clear()
    _mark(climb, directory)
    climb.clock.wait(climb.plan.untraced_s, climb.stop)
    _mark(climb, directory)


def _mark(climb: Climb, directory: ProcessDirectory) -> None:
    climb.outside.append(read_outside(directory, climb.clock.monotonic()))


def _ask_agent(climb: Climb, directory: ProcessDirectory) -> None:
    """The rung of the agent that is there already."""
    try:
        address = find_agent(climb.target.pid)
        with alone(climb.target.pid):
            if is_sent(address):
                await_end(climb.target.pid, address, climb.clock, climb.stop)
                raise NoAgent(f"process {climb.target.pid} has none")
            _ask_at(climb, directory, AgentSocket(climb.target.pid, address, patience_s=20.0))
    except NoAgent:
        climb.rungs.append(Rung(name="agent", used=False, reason="the process has none"))
    except AttachBusy:
        raise
    except (AgentError, OSError) as error:
        climb.rungs.append(Rung(name="agent", used=False, reason=str(error).partition("\n")[0]))


def _ask_at(climb: Climb, directory: ProcessDirectory, agent: AgentSocket) -> None:
    with agent:
        plan = climb.plan
        looks = f"two looks of at most {2 * plan.budget_ms:.0f} ms of its processor time each"
        ask = Ask(rung="agent", cost=f"{looks}, then {_tracing(plan)}")
        if not climb.allows(ask):
            plan, ask = replace(plan, traced_s=0.0), Ask(rung="agent", cost=looks)
        _look(climb, directory, agent, plan, ask, why="the process has one")


def _send_agent(climb: Climb, directory: ProcessDirectory) -> None:
    """The rung of an agent that is sent for a while."""
    plan = climb.plan
    looks = f"two looks of at most {2 * plan.budget_ms:.0f} ms of its processor time each"
    if not _may_send(climb, directory):
        return
    ask = Ask(
        rung="sent agent",
        cost=f"one of its threads is held for about 2 ms to let an agent in, then {looks}, then {_tracing(plan)}; "
        "about 1 MB of code stays in it",
    )
    if not climb.allows(ask):
        climb.rungs.append(Rung(name=ask.rung, used=False, reason="you have not agreed to it: --yes", cost=ask.cost))
        return
    climb.tells(f"{ask.rung}: {ask.cost}")
    try:
        with (
            alone(directory.pid),
            sent_agent(directory, climb.clock, climb.stop, accept_oom_risk=climb.accept_oom_risk) as agent,
        ):
            _look(climb, directory, agent, plan, ask, why="it was let in")
    except (NotPython, AttachBusy):
        raise
    except (AttachRefused, AgentError) as refused:
        climb.rungs.append(Rung(name=ask.rung, used=False, reason=refused.message, cost=ask.cost))
        climb.advice.extend(filter(None, [refused.help]))


def _may_send(climb: Climb, directory: ProcessDirectory) -> bool:
    """Say whether an agent could be sent: nobody is asked for leave to do what cannot be done.

    Raises:
        NotPython: there is nothing in it that an agent could look at.
        AttachBusy: somebody else is inside.
    """
    try:
        preflight(Subject(directory=directory, accept_oom_risk=climb.accept_oom_risk))
    except (NotPython, AttachBusy):
        raise
    except AttachRefused as refused:
        climb.rungs.append(Rung(name="sent agent", used=False, reason=refused.message))
        climb.advice.extend(filter(None, [refused.help]))
        return False
    return True


def _look(
    climb: Climb, directory: ProcessDirectory, agent: AgentSocket, plan: InsidePlan, ask: Ask, *, why: str
) -> None:
    climb.tells(f"asking the agent: {ask.cost}")
    climb.inside = look_inside(agent, plan, climb.clock, climb.stop, lambda: _mark(climb, directory))
    climb.rungs.append(Rung(name=ask.rung, used=True, reason=climb.inside.not_traced or why, cost=ask.cost))
    climb.touched.append(f"{ask.rung}: {ask.cost}")
    _climb_to_memray(climb, directory, agent)
    if climb.trims:
        _trim(climb, directory, agent)


def _trim(climb: Climb, directory: ProcessDirectory, agent: AgentSocket) -> None:
    """The probe that is only made when asked for: what malloc can return, and how much that was."""
    before = read_outside(directory, climb.clock.monotonic())
    agent.ask("malloc_trim", patience_s=30.0)
    back = max(before.rss - read_outside(directory, climb.clock.monotonic()).rss, 0)
    climb.advice.append(f"malloc_trim gave {format_size(back)} back to the system: so much was free and not returned")
    climb.rungs.append(
        Rung(name="malloc_trim", used=True, reason="it was asked for", cost="a walk over its free memory")
    )
    climb.touched.append("malloc_trim was called in it")


def _climb_to_memray(climb: Climb, directory: ProcessDirectory, agent: AgentSocket) -> None:
    """The rung of memray, where what grows is not Python's, or its lines explain little."""
    inside = climb.inside
    if inside is None or climb.stop.is_set() or not inside.looks:
        return
    needed, why = needs_native(climb.outside, inside)
    if not needed and not climb.native:
        climb.rungs.append(Rung(name="memray", used=False, reason=why))
        return
    if agent.ask("can_trace", patience_s=20.0).get("memray") is None:
        reason = "the target cannot import memray; installed there, it would add the lines that allocate native memory"
        climb.rungs.append(Rung(name="memray", used=False, reason=reason))
        return
    seconds = sum(LENGTHS_S)
    ask = Ask(rung="memray", cost=f"{seconds:.0f} s in which it is 20 to 60 % slower; about 15 MB stay in it")
    if not climb.allows(ask):
        climb.rungs.append(Rung(name=ask.rung, used=False, reason="you have not agreed to it: --yes", cost=ask.cost))
        return
    climb.tells(f"{ask.rung}: {ask.cost}")
    try:
        with place_in(directory) as place:
            hand_over(place, directory.pid)
            inside.native = memray_windows(agent, place, climb.clock, climb.stop, native=climb.native)
            _keep(climb, place)
        climb.rungs.append(Rung(name=ask.rung, used=True, reason=why, cost=ask.cost))
        climb.touched.append(f"{ask.rung}: {ask.cost}")
    except (AttachRefused, MissingDependency) as refused:
        climb.rungs.append(Rung(name=ask.rung, used=False, reason=refused.message, cost=ask.cost))


def _keep(climb: Climb, place: Place) -> None:
    try:
        climb.captures(place.outside)
    except OSError as error:
        climb.advice.append(f"the captures are not kept: {error.strerror}")


def _tracing(plan: InsidePlan) -> str:
    return f"{plan.traced_s:.0f} s in which allocating is several times slower"
