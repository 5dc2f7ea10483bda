"""Processes found by their name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase

from leakdoc.sampling.targets.running import Running, ancestors


def named(pattern: str, everyone: Mapping[int, Running]) -> list[Running]:
    """Return the processes whose name, or the kernel's name of them, fits a shell pattern.

    A Python program's name is that of its script or module, as all of leakdoc calls it. We ourselves, and who has
    started us, are left out: a pattern is not meant for the shell that it was typed into.
    """
    ours = {os.getpid(), *ancestors(os.getpid(), everyone)}
    return [
        each
        for each in everyone.values()
        if each.pid not in ours and (fnmatchcase(each.name, pattern) or fnmatchcase(each.comm, pattern))
    ]
