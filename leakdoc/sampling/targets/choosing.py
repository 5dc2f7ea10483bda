"""One subject out of the processes that fit what was asked for, or an error that lists them."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.sampling.targets.running import Running, ancestors
from leakdoc.units import format_size

SHOWN: Final = 10


def leader_of(found: Collection[Running], everyone: Mapping[int, Running], asked: str) -> Running:
    """Return the one process that the others descend from.

    Raises:
        UsageError: there are several such families; the message lists them.
    """
    pids = {each.pid for each in found}
    tops = [each for each in found if not any(above in pids for above in ancestors(each.pid, everyone))]
    if len(tops) == 1:
        return tops[0]
    raise ambiguous(asked, [_line(each, _family_size(each, found, everyone)) for each in _by_start(tops)])


def ambiguous(asked: str, candidates: list[str]) -> UsageError:
    """Return the error for what fits several subjects, with a line for each."""
    lines = candidates[:SHOWN]
    if len(candidates) > SHOWN:
        lines.append(f"  and {len(candidates) - SHOWN} more")
    return UsageError(
        f"{inert(asked)} fits {len(candidates)} of those that run", help="\n".join(("Say which, by its pid:", *lines))
    )


def _by_start(found: Collection[Running]) -> list[Running]:
    return sorted(found, key=lambda each: (each.began, each.pid))


def _line(each: Running, processes: int) -> str:
    with_others = f", with {processes - 1} more below it" if processes > 1 else ""
    return f"  {each.pid:<8} {each.name}  {_memory(each.pid)}{with_others}"


def _family_size(top: Running, found: Collection[Running], everyone: Mapping[int, Running]) -> int:
    return 1 + sum(top.pid in ancestors(each.pid, everyone) for each in found if each.pid != top.pid)


def _memory(pid: int) -> str:
    try:
        resident = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return "memory unknown"
    return format_size(float(resident * os.sysconf("SC_PAGE_SIZE")))
