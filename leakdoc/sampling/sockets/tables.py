"""Which table of sockets suits a target: netlink in its network namespace, else the text that /proc has of it."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from leakdoc.model.sample import Reason
from leakdoc.sampling.probes.reading import reason_of
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText
from leakdoc.sampling.sockets.proc_net import ProcNetTable
from leakdoc.sampling.sockets.sock_diag import NetlinkTable
from leakdoc.sampling.sockets.tcp import SocketTable
from leakdoc.sampling.sockets.unix_diag import UnixTable

T = TypeVar("T")

_CLONE_NEWNET: Final = 0x4000_0000  # include/uapi/linux/sched.h
_PATIENCE_S: Final = 10.0


def table_for(directory: ProcessDirectory) -> tuple[SocketTable, str | None]:
    """Return a table of the target's network namespace, and the reason why it tells no idle ages; null where it does.

    Raises:
        PermissionError: the target is not ours to look at.
    """
    is_ours = directory.link("ns/net") == str(Path("/proc/self/ns/net").readlink())
    try:
        table = NetlinkTable() if is_ours else _in_namespace_of(directory, NetlinkTable)
        table.read()
    except (OSError, UnexpectedText) as error:  # no sock_diag in this kernel or sandbox, or no right to enter
        return ProcNetTable(directory), reason_of(error)
    except AttributeError:  # this Python has no netlink, or this C library no setns
        return ProcNetTable(directory), Reason.UNSUPPORTED
    return table, None


def unix_table_for(directory: ProcessDirectory) -> UnixTable | None:
    """Return a table of the Unix sockets in the target's network namespace; null where the system has none.

    Raises:
        PermissionError: the target is not ours to look at.
    """
    is_ours = directory.link("ns/net") == str(Path("/proc/self/ns/net").readlink())
    try:
        table = UnixTable() if is_ours else _in_namespace_of(directory, UnixTable)
        table.read()
    except (OSError, UnexpectedText, AttributeError):
        return None
    return table


def _in_namespace_of(directory: ProcessDirectory, make_table: Callable[[], T]) -> T:
    """Open a table in another network namespace, as root may: a socket stays in the one that it was made in.

    Only a thread of our own enters it, and ends there; the target is not touched.

    Raises:
        OSError: we may not enter it.
    """
    made: list[T | OSError] = []

    def make() -> None:
        try:
            _enter(directory)
            made.append(make_table())
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=make, name="leakdoc-namespace", daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    if not made:
        raise TimeoutError(errno.ETIMEDOUT, "its network namespace does not answer")
    (result,) = made
    if isinstance(result, OSError):
        raise result
    return result


def _enter(directory: ProcessDirectory) -> None:
    import ctypes  # os.setns is there from Python 3.12 on only

    fd = directory.open("ns/net")
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(fd, _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(fd)
