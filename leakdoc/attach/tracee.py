"""One thread of another process, held for a moment to make it call a function (ptrace(2), x86-64).

Only this one thread is stopped, for about a millisecond; no debugger is needed. Whatever happens, its registers are put
back, the vector registers too, and a system call that it was in is begun again by the kernel.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import time
from dataclasses import dataclass
from typing import Final

from leakdoc.attach.elf import parse_mappings

_CONT, _SINGLESTEP, _GETREGS, _SETREGS, _DETACH = 7, 9, 12, 13, 17  # sys/ptrace.h
_GETREGSET, _SETREGSET, _SEIZE, _INTERRUPT = 0x4204, 0x4205, 0x4206, 0x4207
_NT_X86_XSTATE: Final = 0x202
_WALL: Final = 0x40000000
_RED_ZONE: Final = 128  # System V ABI: below the stack pointer, and in use
_ROOM: Final = 4096
_DIRECTION: Final = 0x400  # of the flags: the ABI wants it clear
_MMAP, _TGKILL = 9, 234
_SENDS: Final = (44, 46)  # sendto, sendmsg: one that is stopped returns how much it has sent, and is not begun again
_READ_WRITE, _PRIVATE_ANONYMOUS = 3, 0x22

_NAMES: Final = (  # sys/user.h, struct user_regs_struct
    *("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi"),
    *("orig_rax", "rip", "cs", "eflags", "rsp", "ss", "fs_base", "gs_base", "ds", "es", "fs", "gs"),
)


class _Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in _NAMES]


class _Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class TraceeError(Exception):
    """The thread could not be stopped, or did not do what it was told in time; it is as it was."""


@dataclass(slots=True)
class _Saved:
    registers: _Registers
    vectors: ctypes.Array[ctypes.c_char]
    vectors_length: int


def _is_broken_off(result: int) -> bool:
    """Say whether what a system call returns is that it was still waiting when its thread was stopped.

    Most are begun again (linux/errno.h, ERESTART…); those of signal(7) that never are, such as ``epoll_wait`` and
    ``rt_sigtimedwait``, tell their caller EINTR, which it gets from whatever stops it.
    """
    return -520 < result <= -512 or result == -errno.EINTR


class Tracee:
    """One thread, stopped from `__enter__` to `__exit__`.

    Args:
        patience_s: how long it may take to stop, and each call to return.

    Raises:
        TraceeError: it cannot be stopped.
    """

    def __init__(self, pid: int, thread: int, *, patience_s: float = 5.0) -> None:
        self._pid, self._thread, self._patience_s = pid, thread, patience_s
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self._libc.ptrace.restype = ctypes.c_long
        self._pending: list[int] = []
        self._memory = os.open(f"/proc/{pid}/mem", os.O_RDWR | os.O_CLOEXEC)
        self._instruction = self._syscall_instruction()

    def __enter__(self) -> Tracee:
        self._ptrace(_SEIZE)
        try:
            self._ptrace(_INTERRUPT)
            self._wait()
            self._saved = self._save()
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()
        self._let_go()

    @property
    def system_call(self) -> int | None:
        """The number of the system call that it waits in, or has sent a part in; null where it was running."""
        number = ctypes.c_longlong(self._saved.registers.orig_rax).value
        result = ctypes.c_longlong(self._saved.registers.rax).value
        is_in_part = number in _SENDS and result > 0
        return number if number >= 0 and (_is_broken_off(result) or is_in_part) else None

    def memory_with(self, data: bytes) -> int:
        """Make the process map memory of its own for these bytes; return where."""
        length = (len(data) + _ROOM) & -_ROOM
        address = self._system_call(_MMAP, (0, length, _READ_WRITE, _PRIVATE_ANONYMOUS, 2**64 - 1, 0))
        if address > 2**64 - 4096:
            raise TraceeError("it got no memory from the system")
        os.pwrite(self._memory, data, address)
        return address

    def call(self, function: int, *arguments: int) -> int:
        """Make the thread call a function of up to two arguments; return what it returns, as 64 bits."""
        registers = self._fresh()
        registers.rsp = ((registers.rsp - _RED_ZONE - _ROOM) & -16) - 8
        os.pwrite(
            self._memory, (0).to_bytes(8, "little"), registers.rsp
        )  # it returns to address 0, and is caught there
        registers.rip, registers.rax = function, 0
        registers.rdi, registers.rsi = (*arguments, 0, 0)[:2]
        self._ptrace(_SETREGS, data=ctypes.addressof(registers))
        self._run_to_zero()
        return int(self._registers().rax)

    def _system_call(self, number: int, arguments: tuple[int, ...]) -> int:
        registers = self._fresh()
        registers.rip = self._instruction
        registers.rax = number
        registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9 = arguments
        self._ptrace(_SETREGS, data=ctypes.addressof(registers))
        self._ptrace(_SINGLESTEP)
        while self._wait() != signal.SIGTRAP:
            self._ptrace(_SINGLESTEP)
        return int(self._registers().rax)

    def _syscall_instruction(self) -> int:
        """Find the two bytes of `syscall` in code that is mapped, in the C library first; nothing is stopped for it."""
        with open(f"/proc/{self._pid}/maps", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            mappings = [each for each in parse_mappings(file.read()) if each.executable]
        for mapping in sorted(mappings, key=lambda each: "libc" not in each.path and "musl" not in each.path):
            code = os.pread(self._memory, mapping.end - mapping.start, mapping.start)
            at = code.find(b"\x0f\x05")
            if at >= 0:
                return mapping.start + at
        raise TraceeError("no system call instruction was found")

    def _run_to_zero(self) -> None:
        end = time.monotonic() + self._patience_s
        self._ptrace(_CONT)
        while True:
            number = self._wait(end)
            if number == signal.SIGSEGV and self._registers().rip == 0:
                return
            if number == signal.SIGSEGV:
                raise TraceeError("the call failed")
            if number != signal.SIGTRAP:
                self._pending.append(number)
            self._ptrace(_CONT)

    def _wait(self, end: float | None = None) -> int:
        """Wait until it stops; return the signal that stopped it."""
        end = time.monotonic() + self._patience_s if end is None else end
        while True:
            thread, status = os.waitpid(self._thread, _WALL | os.WNOHANG)
            if thread and os.WIFSTOPPED(status):
                return os.WSTOPSIG(status)
            if thread:
                raise TraceeError("it has ended")
            if time.monotonic() > end:
                self._interrupted()
                raise TraceeError("it did not answer in time")
            time.sleep(0.0002)

    def _interrupted(self) -> None:
        """Stop it again, so that its registers can be put back."""
        self._libc.ptrace(_INTERRUPT, self._thread, None, None)
        for _ in range(5_000):
            thread, _status = os.waitpid(self._thread, _WALL | os.WNOHANG)
            if thread:
                return
            time.sleep(0.0002)

    def _save(self) -> _Saved:
        registers = self._registers()
        vectors = ctypes.create_string_buffer(1 << 14)
        piece = _Vector(ctypes.addressof(vectors), len(vectors))
        self._ptrace(_GETREGSET, _NT_X86_XSTATE, ctypes.addressof(piece))
        return _Saved(registers, vectors, int(piece.length))

    def _restore(self) -> None:
        saved = self._saved
        piece = _Vector(ctypes.addressof(saved.vectors), saved.vectors_length)
        self._libc.ptrace(_SETREGSET, self._thread, _NT_X86_XSTATE, ctypes.addressof(piece))
        self._libc.ptrace(_SETREGS, self._thread, None, ctypes.addressof(saved.registers))

    def _registers(self) -> _Registers:
        registers = _Registers()
        self._ptrace(_GETREGS, data=ctypes.addressof(registers))
        return registers

    def _fresh(self) -> _Registers:
        """Return its registers as they were found, for a call of ours that is no restart of its own."""
        registers = _Registers.from_buffer_copy(self._saved.registers)
        registers.orig_rax = 2**64 - 1
        registers.eflags &= ~_DIRECTION
        return registers

    def _let_go(self) -> None:
        """Detach, and hand on the signals that came meanwhile."""
        first = self._pending[0] if self._pending else 0
        self._libc.ptrace(_DETACH, self._thread, None, first)
        for number in self._pending[1:]:
            self._libc.syscall(_TGKILL, self._pid, self._thread, number)
        os.close(self._memory)

    def _ptrace(self, request: int, address: int | None = None, data: int | None = None) -> None:
        if self._libc.ptrace(request, self._thread, address, data) == -1:
            number = ctypes.get_errno()
            raise TraceeError(f"the system refuses to trace it: {os.strerror(number)}")
