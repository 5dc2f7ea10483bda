"""From what the user typed to what is to be sampled: one process, or all of a tree or a control group."""

from __future__ import annotations

import re
from typing import Final

from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.sampling.process import Target
from leakdoc.sampling.target_of import target_of
from leakdoc.sampling.targets.forms import FORMS

__all__ = ["Target", "resolve", "resolve_process", "target_of"]

_PID: Final = re.compile(r"[0-9]{1,10}")


def resolve(text: str, *, children: bool = False) -> Target:
    """Find what the text names.

    Args:
        text: a pid, ``:port``, ``name:PATTERN``, ``cgroup:PATH``, ``unit:NAME`` or ``container:ID``.
        children: whether everything that a process has started, and will start, belongs to it.

    Raises:
        UsageError: the text is of none of these forms, or fits several subjects; the message lists them.
        TargetGone: there is no such process.
        TargetError: it is a zombie, a thread, or a thread of the kernel.
        AccessDenied: the system does not show it to us.
    """
    stripped = text.strip()
    if _PID.fullmatch(stripped) and int(stripped) > 0:
        target = target_of(int(stripped))
        if not children:
            return target
        from leakdoc.sampling.targets.found import with_family

        return with_family(target)
    kind, colon, named = stripped.partition(":")
    if not colon or not named:
        raise UsageError(f"not a target: {inert(stripped)!r}", help=f"Give {FORMS}.")
    from leakdoc.sampling.targets.found import find

    return find(kind, named, stripped, children=children)


def resolve_process(text: str) -> Target:
    """Find the one process that the text names, for what can only be done to one; raises as `resolve` does.

    Raises:
        UsageError: it names several processes; the message lists them.
    """
    target = resolve(text)
    if target.crew is None:
        return target
    from leakdoc.sampling.targets.found import the_only_process

    return the_only_process(target, text.strip())
