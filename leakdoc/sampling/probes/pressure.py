"""How long tasks have stood still for want of memory: pressure stall information (Documentation/accounting/psi)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.sampling.cgroups import Membership, directories, parse_mounts, parse_unified
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory, UnexpectedText

METRICS: Final = ("memory_pressure_seconds_total",)
_HOST: Final = Path("/proc/pressure/memory")
_LINE: Final = re.compile(r"^(some|full) .*\btotal=([0-9]{1,19})$", re.MULTILINE | re.ASCII)
_MICROSECONDS: Final = 1e6


class PressureProbe:
    """``memory_pressure_seconds_total{kind,scope}`` of the target's group; of the whole host where that has none.

    Groups of version 2 tell it; so does a version 2 hierarchy beside a version 1 that counts memory.
    """

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory
        self._path = _HOST
        self._scope = "host"
        for each in _of_group(directory):
            if each.exists():
                self._path, self._scope = each, "cgroup"
                break

    def read(self, reading: Reading) -> None:
        """Put the seconds for which some tasks, and for which all, stood still."""
        stalled = parse_pressure(self._path.read_text(encoding="ascii", errors="replace"))
        reading.values.update(
            (Column.of("memory_pressure_seconds_total", kind=kind, scope=self._scope), seconds)
            for kind, seconds in stalled.items()
        )


def parse_pressure(text: str) -> dict[str, float]:
    """Read a pressure file.

    Returns:
        Seconds since boot, by ``some`` and ``full``.

    Raises:
        UnexpectedText: it is not of that format.
    """
    found = {kind: int(total) / _MICROSECONDS for kind, total in _LINE.findall(text)}
    if not found:
        raise UnexpectedText("no line of a pressure file reads as such")
    return found


def _of_group(directory: ProcessDirectory) -> list[Path]:
    path = parse_unified(directory.text("cgroup"))
    if path is None or path == "/":
        return []  # the root is the whole host
    own = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    found = directories(Membership(version=2, path=path), parse_mounts(own))
    return [Path(point) / below / "memory.pressure" for point, below in found]
