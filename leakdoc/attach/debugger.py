"""The door for other processors: gdb makes one call, of `Py_AddPendingCall`, by addresses that we have found ourselves.

gdb asks the target's allocator for nothing: the text to run is written into memory that the target maps for it. All
threads stand still meanwhile. The text runs when the target's main thread next may; one that waits in the system is
not reached.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from leakdoc.attach.elf import NotElf64, parse_mappings, symbols
from leakdoc.attach.interpreter import interpreter_of
from leakdoc.attach.needle import code_for
from leakdoc.errors import AttachRefused
from leakdoc.sampling.clock import Clock
from leakdoc.sampling.procfs import ProcessDirectory

PEAK_BYTES: Final = 84 << 20  # what gdb took at its peak, measured
_PATIENCE_S: Final = 30.0
_PAGE: Final = 4096
_DONE: Final = "leakdoc-entered"


def hindrance(directory: ProcessDirectory) -> str | None:
    """Say why it cannot be used; null where it can."""
    del directory
    if sys.platform != "linux":
        return "for Linux only"
    return None if shutil.which("gdb") else "gdb is not installed"


def enter(directory: ProcessDirectory, path: str, clock: Clock, stop: threading.Event) -> None:
    """Let gdb attach, call, and detach.

    Raises:
        AttachRefused: it could not.
    """
    del clock, stop
    pid = directory.pid
    command = ["gdb", "--nx", "--batch", "-p", str(pid), *commands(directory, path)]
    # In a session of its own: Ctrl-C ends us, not a debugger that holds somebody's process.
    gdb = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        cwd="/",
    )
    try:
        said, complaint = gdb.communicate(timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        gdb.terminate()  # gdb lets go of what it has attached to; killed, it would leave its breakpoint behind
        try:
            said, complaint = gdb.communicate(timeout=_PATIENCE_S)
        except subprocess.TimeoutExpired:
            said, complaint = "", f"gdb, pid {gdb.pid}, does not let go of it: look at what holds the machine up"
    if f"{_DONE} 0" not in said:
        why = (complaint.strip() or "it did not end in time").rpartition("\n")[2]
        raise AttachRefused(f"gdb could not enter process {pid}: {why}", help="It goes on as before; try again.")


def commands(directory: ProcessDirectory, path: str) -> list[str]:
    """Return gdb's arguments: map memory, write the text there, and have it called.

    Raises:
        AttachRefused: an address is not known.
    """
    found = interpreter_of(directory.pid).addresses
    code = code_for(path)
    length = len(code) + _PAGE & -_PAGE
    bytes_of = ", ".join(map(str, code))
    asked = f"((void*(*)(void*,unsigned long,int,int,int,long)){_mmap_in(directory)})(0, {length}, 3, 0x22, -1, 0)"
    call = f"((int(*)(void*,void*)){found['Py_AddPendingCall']})((void*){found['PyRun_SimpleString']}, $room)"
    steps = [
        "set confirm off",
        "set language c",
        "set debuginfod enabled off",
        f"set $room = {asked}",
        f"set {{char[{len(code)}]}} $room = {{{bytes_of}}}",
        f"set $refused = {call}",
        f'printf "{_DONE} %d\\n", $refused',
    ]
    return [word for step in steps for word in ("-ex", step)]


def _mmap_in(directory: ProcessDirectory) -> int:
    for mapping in parse_mappings(directory.text("maps")):
        if mapping.offset == 0 and ("/libc" in mapping.path or "musl" in mapping.path):
            for file in (
                Path(f"/proc/{directory.pid}/map_files/{mapping.start:x}-{mapping.end:x}"),
                Path(f"/proc/{directory.pid}/root{mapping.path}"),
            ):
                try:
                    return mapping.start + symbols(file, ["mmap"])["mmap"]
                except (OSError, NotElf64, KeyError):
                    continue
    raise AttachRefused(f"the C library of process {directory.pid} was not found")
