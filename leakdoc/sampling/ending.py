"""How a process ended, put together from its exit status and from the counters of the out-of-memory killer."""

from __future__ import annotations

import signal

from leakdoc.model.facts import Ending
from leakdoc.sampling.exit_status import ExitStatus

_SIGKILL = getattr(signal, "SIGKILL", 9)


def ending_of(at: float, status: ExitStatus | None, *, oom_killed: bool) -> Ending:
    """Return how a process ended.

    Args:
        at: when it was noticed, seconds since the epoch.
        status: null when nobody could tell.
        oom_killed: whether the killer took somebody among those that the process is counted with, about then.

    The killer's counter alone does not name its victim: a status that says otherwise is believed.
    """
    if status is None:
        return Ending(at=at, cause="oom_killed" if oom_killed else "unknown")
    if status.signal is None:
        return Ending(at=at, cause="exited", exit_status=status.status)
    killed = oom_killed and status.signal == _SIGKILL
    return Ending(at=at, cause="oom_killed" if killed else "signalled", signal=status.signal)
