"""`leakdoc heap`: the ladder, climbed only as far as needed and allowed, and the report at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from leakdoc.attach.alone import alone
from leakdoc.attach.doors import door_into
from leakdoc.attach.injection import await_end, is_sent, sent_agent
from leakdoc.attach.preflight import Subject, preflight, room_of
from leakdoc.attribution.climb import Ask, Climb
from leakdoc.attribution.inside import InsidePlan, affordable, look_inside
from leakdoc.attribution.names_rung import climb_to_names
from leakdoc.attribution.native_rungs import climb_to_memray, trim
from leakdoc.attribution.reporting import report_of
from leakdoc.errors import AgentError, AttachBusy, AttachRefused, NoAgent, NotPython, TargetGone
from leakdoc.model.heap import HeapReport
from leakdoc.sampling.agent_socket import AgentSocket, find_agent
from leakdoc.sampling.clock import Clock, SystemClock
from leakdoc.sampling.process import Target
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.units import format_size


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
    load: Callable[[], float] | None = None,
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
        load=load,
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
        requests_per_s=climb.requests_per_s(),
    )


def _look_from_outside(climb: Climb, directory: ProcessDirectory) -> None:
    climb.outside.clear()
    climb.loads.clear()
    climb.mark(directory)
    climb_to_names(climb, directory)
    climb.mark(directory)


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
        climb.not_used("agent", "the process has none")
    except AttachBusy:
        raise
    except (AgentError, OSError) as error:
        climb.not_used("agent", str(error).partition("\n")[0])


def _ask_at(climb: Climb, directory: ProcessDirectory, agent: AgentSocket) -> None:
    with agent:
        plan = affordable(climb.plan, room_of(directory), accept_oom_risk=climb.accept_oom_risk)
        looks = f"two looks of at most {2 * plan.budget_ms:.0f} ms of its processor time each"
        ask = Ask(rung="agent", cost=f"{looks}, then {_tracing(plan)}")
        if not climb.allows(ask):
            plan, ask = replace(plan, traced_s=0.0), Ask(rung="agent", cost=looks)
        climb.tells(f"asking the agent: {ask.cost}")
        _look(climb, directory, agent, plan, ask, why="the process has one")


def _send_agent(climb: Climb, directory: ProcessDirectory) -> None:
    """The rung of an agent that is sent for a while."""
    if not _may_send(climb, directory):
        return
    plan = affordable(climb.plan, room_of(directory), accept_oom_risk=climb.accept_oom_risk)
    looks = f"two looks of at most {2 * plan.budget_ms:.0f} ms of its processor time each"
    ask = Ask(
        rung="sent agent",
        cost=f"{door_into(directory).cost}, then {looks}, then {_tracing(plan)}; about 1 MB of code stays in it",
    )
    if not climb.is_allowed(ask):
        return
    climb.tells(f"{ask.rung}: {ask.cost}")
    try:
        with (
            alone(directory.pid),
            sent_agent(directory, climb.clock, climb.stop, accept_oom_risk=climb.accept_oom_risk) as agent,
        ):
            climb.tells("asking the agent")
            _look(climb, directory, agent, plan, ask, why="it was let in")
    except (NotPython, AttachBusy):
        raise
    except (AttachRefused, AgentError) as refused:
        climb.not_used(ask.rung, refused.message, ask.cost)
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
        climb.not_used("sent agent", refused.message)
        climb.advice.extend(filter(None, [refused.help]))
        return False
    return True


def _look(
    climb: Climb, directory: ProcessDirectory, agent: AgentSocket, plan: InsidePlan, ask: Ask, *, why: str
) -> None:
    climb.inside = look_inside(agent, plan, climb.clock, climb.stop, lambda: climb.mark(directory))
    climb.used(ask, climb.inside.not_traced or why)
    climb_to_memray(climb, directory, agent)
    if climb.trims:
        trim(climb, directory, agent)


def _tracing(plan: InsidePlan) -> str:
    if not plan.traced_s:
        return "nothing is traced"
    most = format_size(plan.most_bytes)
    return f"{plan.traced_s:.0f} s in which allocating is several times slower, and up to {most} are taken for it"
