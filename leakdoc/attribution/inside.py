"""What an agent tells over two windows: one without tracing, for the true rates, and one with, for the lines."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from leakdoc.attach.preflight import AGENT_BYTES, ROOM_FACTOR
from leakdoc.attribution.folding import Frame
from leakdoc.attribution.windows import Kept
from leakdoc.errors import AgentError
from leakdoc.sampling.agent_socket import AgentSocket
from leakdoc.sampling.clock import Clock

_FRAMES: Final = 12  # of each allocation: as deep as libraries commonly are between the allocator and the user's line
_LOOKS: Final = 3  # at the traced window: two increments tell what goes on from what has settled
_LEAST_TRACES: Final = 4 << 20  # bytes: fewer are full at once
_MOST_TRACES: Final = 64 << 20  # bytes that the traces may take in the target
_SIGN_OF_LIFE_S: Final = 10.0  # well within the agent's patience of 30 s
_SLOWEST: Final = 10.0  # a factor beyond that is no slowdown but another load
_ENDED_EARLY: Final = "it was let in; the lines are not known, as it was ended before allocations were traced"
Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class InsidePlan:
    """How long is looked, and what that may cost.

    Args:
        untraced_s: between the two looks at containers.
        traced_s: how long allocations are traced; 0 for not at all.
        budget_ms: of the target's processor time, for each look.
        most_bytes: what the traces may take in the target.
    """

    untraced_s: float = 5.0
    traced_s: float = 4.0
    budget_ms: float = 100.0
    most_bytes: int = _MOST_TRACES
    why_untraced: str | None = None


def affordable(plan: InsidePlan, room: float | None, *, accept_oom_risk: bool) -> InsidePlan:
    """Return a plan whose traces fit into the room under the target's limit, as the agent does; else one without.

    Args:
        room: bytes that may be used still; null where that is not known.
    """
    if accept_oom_risk or not plan.traced_s:
        return plan
    room_for_traces = 0.0 if room is None else room / ROOM_FACTOR - AGENT_BYTES
    if room_for_traces >= _LEAST_TRACES:
        return replace(plan, most_bytes=int(min(plan.most_bytes, room_for_traces)))
    why = "nothing is traced: too little memory is left under its limit, or how much is not known (--accept-oom-risk)"
    return replace(plan, traced_s=0.0, why_untraced=why)


@dataclass(slots=True, kw_only=True)
class Inside:
    """What was told from inside, so far.

    Args:
        counters: the allocators' counters before and after the window without tracing, and after the traced one.
        look: what had grown at the last look.
        lengths: of the containers of that look, after the traced window; null where they are gone.
        made_by: of the same containers, the stacks that made their newest items.
        counted_at: when the counters were read, on the monotonic clock.
        looked_at: when containers were measured, on the monotonic clock: twice without tracing, then at its end.
        most_bytes: what traces may take in the target.
        times_s, looks: of the traced window, seconds from its beginning to each look, and what was there.
    """

    counters: list[Answer] = field(default_factory=list)
    counted_at: list[float] = field(default_factory=list)
    look: Answer = field(default_factory=dict)
    lengths: list[int | None] = field(default_factory=list)
    made_by: list[list[tuple[Frame, ...]]] = field(default_factory=list)
    looked_at: list[float] = field(default_factory=list)
    times_s: list[float] = field(default_factory=list)
    looks: list[list[Kept]] = field(default_factory=list)
    untraced_s: float = 0.0
    not_traced: str | None = None
    most_bytes: int = _MOST_TRACES
    native: Native | None = None


def look_inside(
    agent: AgentSocket, plan: InsidePlan, clock: Clock, stop: threading.Event, mark: Callable[[], None]
) -> Inside:
    """Look, wait, look again; then trace for a while, and ask which lines made what grew.

    Args:
        mark: called at the beginning and at the end of the window without tracing.

    Raises:
        AgentError: the agent does not answer any more; what was told before is lost.
    """
    inside = Inside(not_traced=plan.why_untraced, most_bytes=plan.most_bytes)
    agent.ask("heap")  # what it needs to answer is loaded before the first look
    agent.ask("look", budget_ms=plan.budget_ms, patience_s=30.0)
    inside.looked_at.append(clock.monotonic())
    _count(agent, clock, inside)
    mark()
    began = clock.monotonic()
    _wait(agent, clock, began + plan.untraced_s, stop)
    mark()
    _count(agent, clock, inside)
    inside.untraced_s = clock.monotonic() - began
    inside.look = agent.ask("look", budget_ms=plan.budget_ms, patience_s=30.0)
    inside.looked_at.append(clock.monotonic())
    if stop.is_set():
        inside.not_traced = _ENDED_EARLY
    elif plan.traced_s > 0:
        try:
            _trace(agent, plan, clock, stop, inside)
        except AgentError as error:
            inside.not_traced = error.message
    _count(agent, clock, inside)
    return inside


def _count(agent: AgentSocket, clock: Clock, inside: Inside) -> None:
    inside.counters.append(agent.ask("heap"))
    inside.counted_at.append(clock.monotonic())


def _wait(agent: AgentSocket, clock: Clock, until_s: float, stop: threading.Event) -> None:
    """Wait, and let the agent know that somebody is there still: it hangs up on silence."""
    while (left := until_s - clock.monotonic()) > 0 and not clock.wait(min(left, _SIGN_OF_LIFE_S), stop):
        if left > _SIGN_OF_LIFE_S:
            agent.ask("hello")


def _trace(agent: AgentSocket, plan: InsidePlan, clock: Clock, stop: threading.Event, inside: Inside) -> None:
    seconds = plan.traced_s * 3 + 30
    agent.ask("trace_start", tool="tracemalloc", frames=_FRAMES, seconds=seconds, most_bytes=plan.most_bytes)
    began = clock.monotonic()
    try:
        for look in range(1, _LOOKS + 1):
            _wait(agent, clock, began + plan.traced_s * look / _LOOKS, stop)
            inside.times_s.append(clock.monotonic() - began)
            told = agent.ask("trace_look", patience_s=60.0)
            inside.looks.append([kept_of(record) for record in told["records"]])
            if stop.is_set():
                break
        if len(inside.looks) == 1:  # ended early: at its beginning there was nothing
            inside.times_s.insert(0, 0.0)
            inside.looks.insert(0, [])
        told = agent.ask("allocated", patience_s=30.0)
        inside.looked_at.append(clock.monotonic())
        for holder in told["holders"]:
            inside.lengths.append(holder["length"])
            inside.made_by.append([_stack(each["frames"]) for each in holder["lines"]])
    finally:
        agent.ask("trace_stop", patience_s=30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    """What memray saw in windows that each began with nothing: what was allocated and is there still."""

    lengths_s: tuple[float, ...]
    windows: tuple[list[Kept], ...]


def slowdown(inside: Inside) -> float:
    """Return how much slower the target's heaviest container grew while allocations were traced: 1 for not at all."""
    if len(inside.looked_at) < 3 or not inside.lengths:
        return 1.0
    lengths, after = inside.look["holders"][0]["lengths"], inside.lengths[0]
    first, second, third = inside.looked_at[:3]
    if after is None or after <= lengths[-1] or lengths[-1] <= lengths[0]:
        return 1.0
    untraced, traced = (lengths[-1] - lengths[0]) / (second - first), (after - lengths[-1]) / (third - second)
    return float(min(max(untraced / traced, 1.0), _SLOWEST))


def kept_of(record: Sequence[Any]) -> Kept:
    """Read a record of an agent's look at a window."""
    frames, size, count = record
    return Kept(_stack(frames), float(size), float(count))


def _stack(frames: Sequence[Sequence[Any]]) -> tuple[Frame, ...]:
    return tuple(Frame(str(file), int(line)) for file, line in frames)
