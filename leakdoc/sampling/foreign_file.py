"""What is checked of any file of samples before it is opened."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from leakdoc.errors import UnreadableSource
from leakdoc.redact import inert

LARGEST_BYTES: Final = 4 * 2**30  # four times what a recording grows to by default
LARGEST_CELLS: Final = 2**28  # 2 GiB of numbers: four months of one process with 25 columns at one sample a second


def check_file(path: Path) -> None:
    """Refuse what is no plain file, cannot be seen, is empty or too large.

    Raises:
        UnreadableSource: with the reason.
    """
    name = inert(path.name or str(path))
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UnreadableSource(f"{name} cannot be read: {why(error)}", help="Check the path.") from error
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableSource(f"{name} is a folder", help=f"Judge each of its files: leakdoc scan {name}")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableSource(f"{name} is not a plain file", help="Write what it gives into a file.")
    if not status.st_size:
        raise UnreadableSource(f"{name} is empty", help="A recording, or a CSV with a header line, is expected.")
    if status.st_size > LARGEST_BYTES:
        raise UnreadableSource(f"{name} is larger than {LARGEST_BYTES // 2**30} GiB", help="Cut it into parts.")


def refuse_too_many(path: Path, rows: int, columns: int) -> None:
    """Refuse more numbers than can be judged at once.

    Raises:
        UnreadableSource: there are more than `LARGEST_CELLS`.
    """
    if rows * columns > LARGEST_CELLS:
        raise UnreadableSource(
            f"{inert(path.name)} is too large to judge at once: {rows} samples of {columns} columns",
            help="Cut it into parts, or record less often.",
        )


def why(error: Exception) -> str:
    """Return the operating system's words for an error, without the path."""
    return inert(getattr(error, "strerror", None) or str(error))
