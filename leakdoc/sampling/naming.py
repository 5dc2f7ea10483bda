"""What to call a process: the script of a Python program, else the name that the kernel knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from leakdoc.redact import inert

_PYTHON: Final = re.compile(r"(?:python|pypy)[0-9.]*t?")
_WITH_VALUE: Final = "WX"  # options of the interpreter that take a value
_LONG_WITH_VALUE: Final = ("--check-hash-based-pycs",)
_COMM_LENGTH: Final = 15  # TASK_COMM_LEN - 1


def display_name(argv: Sequence[str], comm: str) -> str:
    """Return a name fit for a screen: nothing of the arguments but a script's or a module's name.

    Args:
        argv: the command line; may be empty.
        comm: the kernel's name of the process, cut to 15 bytes.
    """
    name = None
    if argv and _PYTHON.fullmatch(PurePosixPath(argv[0]).name):
        name = script_name(argv[1:])
    return inert(name or _uncut(argv, comm)).strip() or "process"


def script_name(arguments: Sequence[str]) -> str | None:
    """Return what an interpreter was asked to run: a module's or a script's name; null for code given as text."""
    waiting = list(arguments)
    while waiting:
        argument = waiting.pop(0)
        if not argument.startswith("-"):
            return _script(argument)
        if argument.startswith("--"):
            del waiting[: argument in _LONG_WITH_VALUE]
            continue
        decided, name = _short_options(argument[1:], waiting)
        if decided:
            return name
    return None


def _short_options(letters: str, waiting: list[str]) -> tuple[bool, str | None]:
    """Read ``-um module``; the values that options take are removed from `waiting`."""
    for position, letter in enumerate(letters):
        value = letters[position + 1 :]
        if letter == "m":
            return True, value or next(iter(waiting), None)
        if letter == "c":
            return True, None
        if letter in _WITH_VALUE:
            del waiting[: not value]
            return False, None
    return not letters, None


def _script(path: str) -> str | None:
    pure = PurePosixPath(path)
    if pure.name == "__main__.py":
        pure = pure.parent
    return pure.name.removesuffix(".py") or None


def _uncut(argv: Sequence[str], comm: str) -> str:
    base = PurePosixPath(argv[0]).name if argv else ""
    return base if len(comm) >= _COMM_LENGTH and base.startswith(comm) else comm
