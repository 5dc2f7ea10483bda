"""The thresholds of the connection detectors."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.detection.policy import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionsPolicy:
    """When connections that accumulate are called unclosed."""

    idle_share: float = setting(
        0.5,
        unit="fraction",
        why="a connection that nobody closes is idle for most of the time that it has been accumulating; in a pool "
        "that merely grows, work keeps reaching the old ones",
    )
    fewest: int = setting(
        4, unit="count", why="fewer than this come and go with a restart or a thread pool; a leak soon has more"
    )
