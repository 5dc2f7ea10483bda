"""The name of the function that a line is in, read from the source file where it can be read."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path
from typing import Final

_LONGEST_FILE: Final = 4 << 20  # bytes: no source that people write is longer


def function_at(file: str, line: int, *, root: str = "") -> str | None:
    """Return the innermost function around a line, ``<module>`` outside of all; null where the file cannot be read.

    Args:
        root: where the file's root directory is, of a process in another mount namespace ``/proc/PID/root``.
    """
    found = None
    for first, last, name in _functions(f"{root}{file}") or ():
        if first <= line <= last and (found is None or first >= found[0]):
            found = (first, name)
    if found is not None:
        return found[1]
    return None if _functions(f"{root}{file}") is None else "<module>"


@lru_cache(maxsize=64)
def _functions(path: str) -> tuple[tuple[int, int, str], ...] | None:
    source = Path(path)
    try:
        if not source.is_file() or source.stat().st_size > _LONGEST_FILE:
            return None
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return tuple((node.lineno, node.end_lineno or node.lineno, node.name) for node in nodes)
