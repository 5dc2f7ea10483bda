"""Heap in use, seen from inside, where the target has an agent that can be asked."""

from __future__ import annotations

from typing import Final

from leakdoc.errors import AgentError, NoAgent
from leakdoc.model.sample import Column
from leakdoc.sampling.agent_socket import AgentSocket, find_agent
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory

_HEAP: Final = Column("heap_bytes")
_PATIENCE_S: Final = 2.0  # a target that computes without a pause may keep its agent waiting for so long


class AgentProbe:
    """The allocators' own counter of what is in use; memory that is free and not returned is not in it.

    A target without an agent lacks the metric, which is nothing to be told of: most have none.
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._pid = directory.pid
        self._address: str | None = None

    def read(self, reading: Reading) -> None:
        """Ask for the counters."""
        try:
            self._address = self._address or find_agent(self._pid)
            with AgentSocket(self._pid, self._address, patience_s=_PATIENCE_S) as agent:
                counters = agent.ask("heap")
        except NoAgent:
            return
        except AgentError:
            self._address = None
            return
        in_use = counters.get("heap_bytes")
        if isinstance(in_use, int):
            reading.values[_HEAP] = float(in_use)
            reading.standing.touched = "its agent was asked (and /proc and netlink read)"
