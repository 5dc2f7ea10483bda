"""How commands write: the answer to standard output, progress to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO


def print_json(document: Mapping[str, Any]) -> None:
    """Print exactly one JSON document as the answer."""
    import json

    print(json.dumps(document, allow_nan=False, indent=2))


def print_lines(lines: Iterable[str]) -> None:
    """Print the answer, line by line, in whatever encoding the terminal has."""
    for line in lines:
        print(_encodable(line, sys.stdout), flush=True)


def tell(text: str) -> None:
    """Say something beside the answer."""
    print(_encodable(text, sys.stderr), file=sys.stderr, flush=True)


def tell_kept(path: Path | str) -> None:
    """Say where a file was left."""
    tell(f"Kept: {os.fspath(path)}")


def _encodable(text: str, stream: TextIO | None) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, errors="replace").decode(encoding)
