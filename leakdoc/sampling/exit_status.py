"""How a process ended, asked of the kernel without collecting the status from the parent."""

from __future__ import annotations

import contextlib
import os
import struct
from dataclasses import dataclass
from typing import Final

# struct pidfd_info (include/uapi/linux/pidfd.h): mask, cgroupid, pid, tgid, ppid, eight ids, exit_code.
_PIDFD_INFO: Final = struct.Struct("=QQ11Ii")
_PIDFD_GET_INFO: Final = 0xC000_FF0B | _PIDFD_INFO.size << 16
_PIDFD_INFO_EXIT: Final = 1 << 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitStatus:
    """How a process ended: by itself with a status, or by a signal; the other is null."""

    status: int | None = None
    signal: int | None = None


def from_wait_status(status: int) -> ExitStatus:
    """Read a status as wait(2) gives it."""
    if os.WIFSIGNALED(status):
        return ExitStatus(signal=os.WTERMSIG(status))
    return ExitStatus(status=os.WEXITSTATUS(status))


def exit_status_of(pidfd: int | None) -> ExitStatus | None:
    """Ask how the process of a pidfd ended.

    A child of ours tells us and stays to be waited for (waitid(2), WNOWAIT); of others the kernel tells from Linux
    6.15 on, once they have been collected (PIDFD_GET_INFO).

    Returns:
        Null when nobody can tell.
    """
    if pidfd is None:
        return None
    return _of_own_child(pidfd) or _of_anyone(pidfd)


def _of_own_child(pidfd: int) -> ExitStatus | None:
    try:
        result = os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except OSError:
        return None
    if result is None:
        return None
    if result.si_code == os.CLD_EXITED:
        return ExitStatus(status=result.si_status)
    return ExitStatus(signal=result.si_status)


def _of_anyone(pidfd: int) -> ExitStatus | None:
    import fcntl

    asked = bytearray(_PIDFD_INFO.pack(_PIDFD_INFO_EXIT, *(0,) * 13))
    with contextlib.suppress(OSError):
        fcntl.ioctl(pidfd, _PIDFD_GET_INFO, asked)
        mask, *_, exit_code = _PIDFD_INFO.unpack(asked)
        if mask & _PIDFD_INFO_EXIT:
            return from_wait_status(exit_code)
    return None
