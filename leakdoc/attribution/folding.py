"""Library frames folded: of a stack, the line that the user can change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_PACKAGES: Final = re.compile(r"[/\\](?:site|dist)-packages[/\\]")
_STANDARD: Final = re.compile(r"[/\\](?:lib(?:64)?[/\\])?python3\.\d+t?[/\\]|^<frozen |[/\\]lib[/\\]python3\.zip")
_WRITTEN: Final = re.compile(
    r"^[^<]|^<stdin>|^<ipython|^<doctest"
)  # by a person; not "<string>", nor "<attrs generated …>"
_OURS: Final = re.compile(r"leakdoc[_/\\]agent|[/\\]leakdoc[/\\]agent\.py$|[/\\]memray[/\\]")


class Frame(NamedTuple):
    """One line of a stack; the function is null where it is not known."""

    file: str
    line: int
    function: str | None = None


def user_frame(frames: Sequence[Frame]) -> Frame | None:
    """Return the line to show for a stack.

    Args:
        frames: the innermost first.

    Returns:
        The innermost line outside packages and the standard library, one of a file before one of code that was
        generated (a dataclass's `__init__`) or given with `-c`; where all are inside, the innermost outside the
        standard library, else the innermost. Null for the agent's own.
    """
    if not frames or any(_OURS.search(frame.file) for frame in frames):
        return None
    for is_wanted in (_is_written, is_users, is_packages):
        found = next((frame for frame in frames if is_wanted(frame)), None)
        if found is not None:
            return found
    return frames[0]


def is_users(frame: Frame) -> bool:
    """Say whether a line is of the program itself."""
    return not _PACKAGES.search(frame.file) and not _STANDARD.search(frame.file) and frame.line > 0


def _is_written(frame: Frame) -> bool:
    return is_users(frame) and _WRITTEN.search(frame.file) is not None


def is_packages(frame: Frame) -> bool:
    """Say whether a line is at least not of the standard library."""
    return frame.line > 0 and (_PACKAGES.search(frame.file) is not None or not _STANDARD.search(frame.file))
