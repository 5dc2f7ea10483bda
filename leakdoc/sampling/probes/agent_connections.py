"""Who opened what is open, and how the pools stand, where the target has an agent that can be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from leakdoc.errors import AgentError, NoAgent
from leakdoc.model.sample import Column
from leakdoc.redact import inert
from leakdoc.sampling.agent_socket import AgentSocket, find_agent
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.sockets.peers import Group

MOST_PLACES: Final = 48  # labels of one recording
_PATIENCE_S: Final = 2.0
_NUMBERS: Final = (
    ("size", "pool_size"),
    ("in_use", "pool_in_use"),
    ("waiting", "pool_waiting"),
    ("wait_max_s", "pool_wait_max_s"),
    ("checkouts", "pool_checkouts_total"),
    ("checkins", "pool_checkins_total"),
    ("held_seconds", "pool_held_seconds_total"),
)

Place = tuple[str, int, str]


class AgentConnectionsProbe:
    """Joins what the agent noted to the peers of the target's sockets, by inode.

    Args:
        peer_of: tells whom a socket of the target is with.
    """

    def __init__(self, directory: ProcessDirectory, peer_of: Callable[[int], Group | None] = lambda _: None) -> None:
        self._pid = directory.pid
        self._peer_of = peer_of
        self._address: str | None = None
        self._columns: dict[Column, None] = {}

    def read(self, reading: Reading) -> None:
        """Put ``connections_opened_at{…}``, ``…_held_at{…}``, ``waiting_at{…}``, ``tasks_at{…}`` and ``pool_…{…}``."""
        try:
            self._address = self._address or find_agent(self._pid)
            with AgentSocket(self._pid, self._address, patience_s=_PATIENCE_S) as agent:
                told = agent.ask("connections")
        except NoAgent:
            return
        except AgentError:
            self._address = None
            return
        pools = [each for each in told.get("pools") or () if isinstance(each, dict)]
        for column, count in (*self._opened(told), *self._held(pools), *_waiting(pools), *_tasks_at(told)):
            self._add(reading, column, count)
        for pool in pools:
            reading.values.update(self._numbers(pool))
        if isinstance(told.get("tasks"), int):
            reading.values[Column("tasks")] = float(told["tasks"])
        for column in self._columns:  # what was seen and is gone is zero
            reading.values.setdefault(column, 0.0)

    def _add(self, reading: Reading, column: Column, count: float) -> None:
        if column in self._columns or len(self._columns) < MOST_PLACES:
            self._columns[column] = None
            reading.values[column] = reading.values.get(column, 0.0) + count

    def _opened(self, told: Mapping[str, Any]) -> Iterator[tuple[Column, float]]:
        counts: Counter[Column] = Counter()
        for each in told.get("opened") or ():
            for inode in each.get("inodes") or ():
                group = self._peer_of(inode)
                if group is not None:
                    counts[_at("connections_opened_at", each, group)] += 1
        yield from ((column, float(count)) for column, count in counts.most_common())

    def _held(self, pools: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Column, float]]:
        for pool in pools:
            group = self._group(pool)
            if group is not None:
                yield from ((_at("connections_held_at", each, group), 1.0) for each in pool.get("held") or ())

    def _numbers(self, pool: Mapping[str, Any]) -> dict[Column, float]:
        group = self._group(pool)
        labels = {"pool": inert(str(pool.get("pool")))} | ({} if group is None else group.labels)
        held = [each.get("held_s") for each in pool.get("held") or ()]
        told = [(metric, pool.get(name)) for name, metric in _NUMBERS] + [("pool_held_max_s", max(held, default=None))]
        return {Column.of(metric, **labels): float(value) for metric, value in told if isinstance(value, int | float)}

    def _group(self, pool: Mapping[str, Any]) -> Group | None:
        inodes = [each.get("inode") for each in pool.get("held") or ()]
        groups = (self._peer_of(inode) for inode in inodes if isinstance(inode, int))
        return next((group for group in groups if group is not None), None)


def _waiting(pools: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Column, float]]:
    for pool in pools:
        for each in pool.get("waiting_at") or ():
            yield _at("waiting_at", each, None), float(each.get("count") or 0)


def _tasks_at(told: Mapping[str, Any]) -> Iterator[tuple[Column, float]]:
    for each in told.get("tasks_at") or ():
        yield _at("tasks_at", each, None), float(each.get("count") or 0)


def _at(metric: str, place: Mapping[str, Any], group: Group | None) -> Column:
    return Column.of(
        metric,
        file=inert(str(place.get("file"))),
        line=str(place.get("line")),
        function=inert(str(place.get("function"))),
        **({} if group is None else group.labels),
    )
