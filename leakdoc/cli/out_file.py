"""Files that commands leave behind: whole or not at all, and nobody else's file is written over by accident."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from leakdoc.errors import LeakdocError, UsageError
from leakdoc.redact import inert


@contextlib.contextmanager
def replacing(
    target: Path, *, source: Path, force: bool, ours: Callable[[Path], bool], option: str = "-o"
) -> Iterator[Path]:
    """Give a path beside the target to write to; the target is replaced by it once the block has ended well.

    Args:
        source: the file that is read; never written over.
        force: write over a file that is not ours.
        ours: says whether a file that is already there may be written over without asking.
        option: what names the target on the command line.

    Raises:
        UsageError: the target is there and may not be written over.
        LeakdocError: it cannot be written.
    """
    try:
        refuse(target, sources=[source], force=force, ours=ours, option=option)
        beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            yield beside
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        why = inert(error.strerror or str(error))
        raise LeakdocError(
            f"{inert(os.fspath(target))} cannot be written: {why}", help=f"Name another file with {option}."
        ) from error


def refuse(
    target: Path, *, sources: Sequence[Path], force: bool, ours: Callable[[Path], bool], option: str = "-o"
) -> None:
    """Raise UsageError where a file is there that may not be written over; arguments as of `replacing`."""
    name = inert(os.fspath(target))
    if not target.exists():
        return
    if any(source.exists() and target.samefile(source) for source in sources):
        raise UsageError(f"{name} is the file that is read", help=f"Name another file with {option}.")
    if not target.is_file():
        raise UsageError(f"{name} is there, and is not a plain file", help=f"Name another file with {option}.")
    if not force and not ours(target):
        told = f"Name another file with {option}, or write over it with --force."
        raise UsageError(f"{name} is there already", help=told)
