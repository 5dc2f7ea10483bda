"""The thresholds of the detectors that judge connections, descriptors, threads and children: a policy each."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.detection.policy import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWaitPolicy:
    """When connections that the peer has closed, and the process has not, are called leaking."""

    fewest: int = setting(4, unit="count", why="a handful is always on its way to being closed")
    share: float = setting(
        0.5,
        unit="fraction",
        why="what is closed late and not never is younger than half of the time that it has been accumulating",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPolicy:
    """When a pool is called exhausted."""

    standing: float = setting(
        10.0, unit="duration", why="a pool that stands at its size for less is one that serves a burst"
    )
    waiting: float = setting(3.0, unit="duration", why="callers that wait for less are queueing as they should")
    served_late: float = setting(
        5.0, unit="duration", why="longer than a request that only reads from a database takes"
    )
    came_since: int = setting(
        2,
        unit="count",
        why="callers since a connection was last taken: where none came, none can have found the pool empty",
    )
    busy: float = setting(0.5, unit="fraction", why="of a processor: a busy process lets callers wait by itself")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionPolicy:
    """When sessions that are idle in a transaction are called leaking."""

    longest: float = setting(
        30.0, unit="duration", why="a transaction holds locks and rows; no request leaves it unattended for so long"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnPolicy:
    """When connections are opened and closed too fast."""

    rate: float = setting(
        5.0, unit="rate", why="connections a second to one database: a pool opens a few a minute, when they age"
    )
    http_rate: float = setting(
        20.0, unit="rate", why="the same for what is no database: clients without keep-alive are common and cheap"
    )
    kept: float = setting(
        0.5, unit="fraction", why="of those opened: where more than half of them stay, they are not churned"
    )
    ports: float = setting(
        0.5, unit="fraction", why="of the local ports for one peer: half leaves room for one doubling"
    )
    lasts: float = setting(10.0, unit="duration", why="a start opens many at once")


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamPolicy:
    """When an upstream is called unresponsive."""

    patience: float = setting(
        10.0, unit="duration", why="callers pile up, and the request has no answer for longer than most timeouts"
    )
    database_patience: float = setting(
        30.0, unit="duration", why="a query may take long while the database is well: that is the pool's affair first"
    )
    longest_poll: float = setting(
        20.0, unit="duration", why="long polling is answered within that, and its callers do not grow in number"
    )
    longest_silence: float = setting(
        60.0, unit="duration", why="proxies and load balancers give an answer up by then; so do those who poll"
    )
    fewest: int = setting(4, unit="count", why="callers beyond those that waited when it began")
    abandoned: int = setting(
        4, unit="count", why="connections that we closed without an answer, and that the peer does not close"
    )
    given_up_after: float = setting(
        0.5, unit="duration", why="a caller that closes sooner had its answer, or wanted none: timeouts are longer"
    )
    often: float = setting(
        0.3, unit="fraction", why="of the readings in which requests wait: those that are given up wait nearly always"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfOpenPolicy:
    """When connections to a peer that is gone are called so."""

    lasts: float = setting(
        5.0, unit="duration", why="a route that changes costs a few retransmissions, and is back by then"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptorsPolicy:
    """When descriptors of one kind are judged by themselves."""

    fewest: int = setting(12, unit="count", why="more of one kind than there were: less is what a start-up opens")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyPolicy:
    """When threads, tasks, zombies and children are judged."""

    settled: float = setting(
        8.0, unit="duration", why="what came sooner than that cannot have been seen to stay where it is"
    )
    still: float = setting(
        0.5, unit="fraction", why="of the threads that came: where fewer stay where they are, the others work"
    )
    fewest: int = setting(3, unit="count", why="growth by fewer is a pool of workers that starts them as it needs them")
