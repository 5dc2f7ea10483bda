"""Who holds a connection for longer than a threshold, now: asked of the agent, else told by silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leakdoc.errors import AgentError
from leakdoc.model.finding import Json
from leakdoc.model.peer import Held
from leakdoc.redact import inert
from leakdoc.sampling.agent_socket import AgentSocket
from leakdoc.sampling.probes.connections import ConnectionsProbe


def held_longer_than(longer_than_s: float, pid: int, sockets: ConnectionsProbe | None) -> Held:
    """Return the holders of what is checked out for longer than so many seconds.

    Without an agent these are the connections that carried nothing for so long: who holds them is not known.
    """
    try:
        with AgentSocket(pid) as agent:
            told = agent.ask("connections")
    except (AgentError, OSError):
        return Held(longer_than_s=longer_than_s, known=False, holders=tuple(_silent(longer_than_s, sockets)))
    holders = sorted(_told(told, longer_than_s), key=lambda each: -float(str(each["held_s"])))
    return Held(longer_than_s=longer_than_s, known=True, holders=tuple(holders))


def _silent(longer_than_s: float, sockets: ConnectionsProbe | None) -> Iterator[dict[str, Json]]:
    found = [] if sockets is None else sockets.silent(longer_than_s)
    for each in sorted(found, key=lambda each: -(each.idle_s or 0.0)):
        yield {"peer": inert(each.group.peer), "held_s": each.idle_s, "file": None, "line": None, "function": None}


def _told(told: Mapping[str, Any], longer_than_s: float) -> Iterator[dict[str, Json]]:
    for pool in told.get("pools") or ():
        for each in pool.get("held") or () if isinstance(pool, dict) else ():
            held_s = each.get("held_s")
            if isinstance(held_s, int | float) and held_s >= longer_than_s:
                yield _holder(pool, each)


def _holder(pool: Mapping[str, Any], each: Mapping[str, Any]) -> dict[str, Json]:
    line = each.get("line")
    return {
        "peer": inert(str(pool.get("peer") or "")),
        "pool": inert(str(pool.get("pool") or "")),
        "held_s": float(each["held_s"]),
        "file": inert(str(each.get("file") or "")),
        "line": line if isinstance(line, int) else None,
        "function": inert(str(each.get("function") or "")),
        "thread": inert(str(each.get("thread") or "")),
    }
