"""The Python inside a process: its version, and where the few functions are that injection calls."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leakdoc.attach.elf import Mapping, NotElf64, parse_mappings, symbols
from leakdoc.errors import AttachRefused, NotPython
from leakdoc.sampling.procfs import ProcessDirectory

NEEDED: Final = ("Py_AddPendingCall", "PyRun_SimpleString", "PyGILState_Ensure", "PyGILState_Release", "Py_Version")
OLDEST: Final = (3, 11)
_LIKELY: Final = re.compile(r"/(?:lib)?python[^/]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """What was found: the version, and the address of each of `NEEDED` in the process."""

    version: tuple[int, int, int]
    addresses: dict[str, int]

    @property
    def text(self) -> str:
        """The version as one writes it."""
        return ".".join(map(str, self.version))


def interpreter_of(pid: int) -> Interpreter:
    """Find the interpreter in a process.

    Raises:
        AttachRefused: there is none that can be used; the reason is told.
    """
    directory = ProcessDirectory(pid)
    try:
        firsts = _first_mappings(directory)
        addresses = _addresses(pid, firsts)
        if "Py_Version" not in addresses:
            raise _no_python(pid, bool(addresses))
        number = int.from_bytes(_memory(pid, addresses["Py_Version"], 4), "little")
    except OSError as error:
        raise AttachRefused(f"the memory map of process {pid} cannot be read: {error.strerror or error}") from error
    version = (number >> 24, number >> 16 & 0xFF, number >> 8 & 0xFF)
    missing = [name for name in NEEDED if name not in addresses]
    if version[:2] < OLDEST or missing:
        raise _no_python(pid, found=True)
    return Interpreter(version=version, addresses=addresses)


def _first_mappings(directory: ProcessDirectory) -> list[Mapping]:
    """Return where each file's beginning is mapped, the likely ones first."""
    firsts: dict[str, Mapping] = {}
    for mapping in parse_mappings(directory.text("maps")):
        if mapping.offset == 0:
            firsts.setdefault(mapping.path, mapping)
    executable = directory.link("exe")
    return sorted(firsts.values(), key=lambda each: (not _LIKELY.search(each.path), each.path != executable))


def _addresses(pid: int, firsts: list[Mapping]) -> dict[str, int]:
    found: dict[str, int] = {}
    for mapping in firsts:
        if not (_LIKELY.search(mapping.path) or mapping is firsts[0] or mapping.path.endswith("uwsgi")):
            continue
        try:
            exported = symbols(Path(f"/proc/{pid}/map_files/{mapping.start:x}-{mapping.end:x}"), NEEDED)
        except NotElf64 as error:
            raise NotPython(f"process {pid} is not a 64-bit program") from error
        except OSError:
            exported = _by_name(pid, mapping)
        found = {name: mapping.start + value for name, value in exported.items()} or found
        if len(found) == len(NEEDED):
            return found
    return found


def _by_name(pid: int, mapping: Mapping) -> dict[str, int]:
    """Read the file by its name, where the kernel does not let us open what is mapped."""
    try:
        return symbols(Path(f"/proc/{pid}/root{mapping.path}"), NEEDED)
    except NotElf64 as error:
        raise NotPython(f"process {pid} is not a 64-bit program") from error
    except OSError:
        return {}


def _memory(pid: int, address: int, length: int) -> bytes:
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, length, address)
    finally:
        os.close(descriptor)


def _no_python(pid: int, found: bool) -> NotPython:
    if found:
        return NotPython(
            f"the Python of process {pid} is older than 3.11, or hides what is needed",
            help="Lines need Python 3.11 or newer in the target.",
        )
    return NotPython(f"process {pid} is not a Python process", help="Lines are found in Python programs only.")
