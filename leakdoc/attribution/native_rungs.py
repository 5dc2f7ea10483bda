"""The rungs that look at native memory: memray in the target, and `malloc_trim` where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from leakdoc.attach.outside import read_outside
from leakdoc.attach.place import Place, hand_over, place_in
from leakdoc.attach.preflight import room_for
from leakdoc.attribution.climb import Ask, Climb
from leakdoc.attribution.inside import Inside
from leakdoc.attribution.memray_windows import LENGTHS_S, ctypes_windows, memray_windows
from leakdoc.attribution.reporting import needs_native
from leakdoc.errors import AttachRefused, MissingDependency
from leakdoc.sampling.agent_socket import AgentSocket
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.units import format_size

_MEMRAY_BYTES: Final = 16 << 20  # what a target held more after memray had been in it: 15 MB, measured
_TRIM: Final = "malloc_trim"


def trim(climb: Climb, directory: ProcessDirectory, agent: AgentSocket) -> None:
    """Ask malloc to return what it can, which is only done when asked for, and tell how much that was."""
    before = read_outside(directory, climb.clock.monotonic())
    agent.ask(_TRIM, patience_s=30.0)
    back = max(before.rss - read_outside(directory, climb.clock.monotonic()).rss, 0)
    climb.advice.append(f"malloc_trim gave {format_size(back)} back to the system: so much was free and not returned")
    climb.used(Ask(rung=_TRIM, cost="a walk over its free memory"), "it was asked for")


def climb_to_memray(climb: Climb, directory: ProcessDirectory, agent: AgentSocket) -> None:
    """Trace with memray, where what grows is not Python's, or its lines explain little."""
    inside = climb.inside
    if inside is None or climb.stop.is_set() or not inside.looks:
        return
    needed, why = needs_native(climb.outside, inside)
    if not needed and not climb.native:
        climb.not_used("memray", why)
        return
    can = agent.ask("can_trace", patience_s=20.0)
    hindrance = _hindrance(climb, directory, can)
    if hindrance is not None:
        climb.not_used("memray", hindrance)
        if can.get("around") and climb.plan.traced_s:
            _climb_to_ctypes(climb, agent, inside)
        return
    seconds = sum(LENGTHS_S)
    ask = Ask(rung="memray", cost=f"{seconds:.0f} s in which it is 20 to 60 % slower; about 15 MB stay in it")
    if climb.is_allowed(ask):
        climb.tells(f"{ask.rung}: {ask.cost}")
        _trace(climb, directory, agent, inside, ask, why)


def _climb_to_ctypes(climb: Climb, agent: AgentSocket, inside: Inside) -> None:
    """See at least what ctypes takes from the allocator: tracemalloc does, where calls are led through Python's own."""
    ask = Ask(rung="ctypes", cost=f"{sum(LENGTHS_S):.0f} s in which allocating is several times slower")
    if climb.is_allowed(ask):
        climb.tells(f"{ask.rung}: {ask.cost}")
        inside.native = ctypes_windows(agent, climb.clock, climb.stop, most_bytes=inside.most_bytes)
        climb.used(ask, "without memray, what ctypes takes from the allocator is what can be seen of native memory")


def _hindrance(climb: Climb, directory: ProcessDirectory, can: Mapping[str, Any]) -> str | None:
    """Say why memray cannot be used there; null where it can."""
    if can.get("memray") is None:
        return "the target cannot import memray; installed there, it would add the lines that allocate native memory"
    return None if climb.accept_oom_risk else room_for(directory, _MEMRAY_BYTES)


def _trace(climb: Climb, directory: ProcessDirectory, agent: AgentSocket, inside: Inside, ask: Ask, why: str) -> None:
    try:
        with place_in(directory) as place:
            hand_over(place, directory.pid)
            inside.native = memray_windows(agent, place, climb.clock, climb.stop, native=climb.native)
            _keep(climb, place)
        climb.used(ask, why)
    except (AttachRefused, MissingDependency) as refused:
        climb.not_used(ask.rung, refused.message, ask.cost)


def _keep(climb: Climb, place: Place) -> None:
    try:
        climb.captures(place.outside)
    except OSError as error:
        climb.advice.append(f"the captures are not kept: {error.strerror}")
