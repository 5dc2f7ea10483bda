"""The files of a folder that hold samples, each a subject of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from leakdoc.errors import UnreadableSource
from leakdoc.redact import inert

SUFFIXES: Final = frozenset({".csv", ".parquet", ".leakdoc"})


def files_of(path: Path) -> list[tuple[str, Path]]:
    """Return every file of samples under a folder, sorted, with the name of its subject.

    A subject is named by its path below the folder without the suffix; a path that is a file stands for itself. Links
    to folders are not followed, so that a loop ends; hidden folders are not entered.

    Raises:
        UnreadableSource: there is no such path, or it may not be listed.
    """
    if path.is_file():
        return [(inert(path.stem), path)]
    if not path.is_dir():
        raise UnreadableSource(f"there is no folder {inert(os.fspath(path))}", help="Check the path.")
    found = sorted(_walk(path), key=lambda file: file.relative_to(path).parts)
    return [(inert(file.relative_to(path).with_suffix("").as_posix(), longest=500), file) for file in found]


def _walk(path: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(path, onerror=_refused(path)):
        folders[:] = [each for each in folders if not each.startswith(".")]
        for name in files:
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                yield Path(folder) / name


def _refused(top: Path) -> Callable[[OSError], None]:
    def told(error: OSError) -> None:
        if Path(error.filename or "") == top:
            why = inert(error.strerror or str(error))
            raise UnreadableSource(f"{inert(os.fspath(top))} cannot be listed: {why}") from error

    return told
