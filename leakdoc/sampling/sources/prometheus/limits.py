"""How much of a server's time and of our memory requests may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds every request.

    Args:
        connect_s: seconds to reach the server: a live one answers within one.
        stall_s: seconds in which at least something must arrive: the time that a server may think.
        whole_s: seconds for a whole answer, whatever trickles in.
        slowest_bytes_per_s: of an answer that has begun, over `stall_s`: a tenth of the slowest link in use, and more
            than a server sends that only keeps a connection open.
        largest_bytes: of one answer; what is larger is asked for in parts.
        attempts: how often a request is made that a busy or restarting server refuses.
        backoff_s: seconds before the second attempt; each further one waits twice as long.
        longest_wait_s: the most that a server's ``Retry-After`` is heeded.
        at_once: requests under way at one time: half of what Prometheus runs by default (``--query.max-concurrency``
            is 20) would already crowd out people's dashboards.
        points: of one series in one answer; Prometheus refuses more than 11,000.
    """

    connect_s: float = 10.0
    stall_s: float = 60.0
    whole_s: float = 180.0
    slowest_bytes_per_s: float = 512.0
    largest_bytes: int = 256 * 2**20
    attempts: int = 4
    backoff_s: float = 0.5
    longest_wait_s: float = 30.0
    at_once: int = 4
    points: int = 11_000
