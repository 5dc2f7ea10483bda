"""The rung for a process that nobody may enter: the names of what it runs while it grows, read by py-spy.

Nothing is stopped for it (`--nonblocking`), and names are no proof: what runs is not what allocates.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from leakdoc.attach.preflight import Subject, require_not_forbidden
from leakdoc.attach.stacks import dump, dump_command, places_of
from leakdoc.attribution.climb import Ask, Climb
from leakdoc.errors import LeakdocError
from leakdoc.sampling.procfs import ProcessDirectory

_LOOKS: Final = 5  # a dump without stopping may catch a stack in motion: what several have seen counts
_MOST: Final = 3
ASK: Final = Ask(rung="py-spy", cost=f"its stacks are read {_LOOKS} times from outside, without stopping it")


def climb_to_names(climb: Climb, directory: ProcessDirectory) -> None:
    """Wait, and tell in which functions the target was meanwhile; without leave, or py-spy, only wait."""
    end = climb.clock.monotonic() + climb.plan.untraced_s
    command = _command(climb, directory)
    seen: Counter[tuple[str, int, str]] = Counter()
    for _ in range(_LOOKS if command else 0):
        try:
            seen.update(set(places_of(dump(command))))
        except OSError as error:
            climb.not_used(ASK.rung, str(error))
            break
        if climb.clock.wait(climb.plan.untraced_s / _LOOKS, climb.stop):
            break
    else:
        if command:
            climb.used(ASK, "names only: it may not be entered")
    climb.advice.extend(_words(seen))
    climb.clock.wait(max(end - climb.clock.monotonic(), 0.0), climb.stop)


def _command(climb: Climb, directory: ProcessDirectory) -> list[str]:
    try:
        require_not_forbidden(Subject(directory=directory))
        command = dump_command(directory.pid)
    except (LeakdocError, OSError) as error:
        climb.not_used(ASK.rung, error.message if isinstance(error, LeakdocError) else error.strerror or str(error))
        return []
    return command if climb.is_allowed(ASK) else []


def _words(seen: Counter[tuple[str, int, str]]) -> list[str]:
    return [
        f"seen running in {count} of {_LOOKS} looks: {function} ({file}:{line}); whether it allocates is not known"
        for (file, line, function), count in seen.most_common(_MOST)
        if count > 1
    ]
