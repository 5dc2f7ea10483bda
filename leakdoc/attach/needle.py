"""The moment of injection, in a process of its own: killing leakdoc does not interrupt it.

``python -m leakdoc.attach.needle PID THREAD MODE FILE`` makes the process run FILE. It ignores what ends others, holds
one thread for about a millisecond, and prints ``done``, or why not.

In mode ``pending`` the interpreter is told to run the code when its main thread next may (`Py_AddPendingCall`); in mode
``borrow`` a thread that waits in the system runs it at once, as a callback would.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Final

from leakdoc.attach.interpreter import Interpreter, interpreter_of
from leakdoc.attach.tracee import Tracee, TraceeError
from leakdoc.errors import AttachRefused

# What a thread may wait in while it holds no lock of an allocator or of the interpreter: asm/unistd_64.h.
WAITS: Final = {
    "read": 0, "poll": 7, "select": 23, "pause": 34, "nanosleep": 35, "connect": 42, "accept": 43, "sendto": 44,
    "recvfrom": 45, "sendmsg": 46, "recvmsg": 47,
    "wait4": 61, "futex": 202, "rt_sigtimedwait": 128, "clock_nanosleep": 230, "epoll_wait": 232, "waitid": 247,
    "pselect6": 270, "ppoll": 271, "epoll_pwait": 281, "accept4": 288, "epoll_pwait2": 441, "io_uring_enter": 426,
}  # fmt: skip
# A pending call takes microseconds; a borrowed thread may have to wait for the interpreter's lock like any other.
PATIENCE_S: Final = {"pending": 5.0, "borrow": 20.0}
_UNCLEAR: Final = "the call was refused by the interpreter"


def code_for(path: str) -> bytes:
    """Return what runs a file, leaves no name behind, and never fails.

    A pending call that reports a failure without an exception would end the target's main thread, and
    `PyRun_SimpleString` prints the exception and forgets it: whatever happens has to end here.
    """
    run = "(lambda file: (lambda text: (file.close(), exec(text, {'__name__': ''})))(file.read()))"
    return f"try:\n {run}(open({path!r}))\nexcept BaseException: pass\n\0".encode()


def prick(pid: int, thread: int, mode: str, path: str) -> None:
    """Make a process run a file.

    Raises:
        TraceeError: it could not be done; the process is as it was.
        AttachRefused: there is no Python in it that can be used.
    """
    interpreter = interpreter_of(pid)
    with Tracee(pid, thread, patience_s=PATIENCE_S[mode]) as tracee:
        code = tracee.memory_with(code_for(path))
        if mode == "borrow":
            _borrow(tracee, interpreter, code)
        else:
            run = interpreter.addresses["PyRun_SimpleString"]
            if tracee.call(interpreter.addresses["Py_AddPendingCall"], run, code) & 0xFFFFFFFF:
                raise TraceeError(_UNCLEAR)


def _borrow(tracee: Tracee, interpreter: Interpreter, code: int) -> None:
    if tracee.system_call not in WAITS.values():
        raise TraceeError("the thread does not wait any more")
    state = tracee.call(interpreter.addresses["PyGILState_Ensure"]) & 0xFFFFFFFF
    try:
        failed = tracee.call(interpreter.addresses["PyRun_SimpleString"], code) & 0xFFFFFFFF
    finally:
        tracee.call(interpreter.addresses["PyGILState_Release"], state)
    if failed:
        raise TraceeError(_UNCLEAR)


def main(arguments: list[str]) -> str:
    """Do it, and say how it went."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    pid, thread, mode, path = arguments
    try:
        prick(int(pid), int(thread), mode, path)
    except (TraceeError, AttachRefused, OSError) as error:
        return str(error).partition("\n")[0]
    return "done"


if __name__ == "__main__":
    os.write(1, main(sys.argv[1:]).encode())
