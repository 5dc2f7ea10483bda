"""What an agent may look at: decided where the server is started, never by the agent's arguments."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import TargetError, UsageError
from leakdoc.redact import inert
from leakdoc.sampling.target import resolve

SUFFIXES: Final = (".leakdoc", ".csv", ".parquet")
_LONGEST_NAME: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What may be looked at.

    Args:
        targets: processes and their like, as `leakdoc watch` takes them.
        directories: where recordings are; new files go to the first.
        settings: parameters of steps that are not the agent's to choose.
    """

    targets: tuple[str, ...]
    directories: tuple[Path, ...]
    settings: Mapping[str, str]

    def recordings(self) -> dict[str, Path]:
        """Return the recordings in scope by the names that an agent uses for them."""
        found: dict[str, Path] = {}
        for directory in self.directories:
            for path in sorted(directory.rglob("*")):
                if path.suffix in SUFFIXES and path.is_file() and path.resolve().is_relative_to(directory):
                    found.setdefault(path.relative_to(directory).as_posix(), path)
        return found

    def recording(self, name: Any) -> Path:
        """Return a recording by its name.

        Raises:
            UsageError: it is not in scope.
        """
        found = self.recordings().get(name) if isinstance(name, str) and len(name) <= _LONGEST_NAME else None
        if found is None:
            shown = inert(str(name), longest=80)
            raise UsageError(f"no recording of that name is in scope: {shown!r}", help="list_recordings names them.")
        return found

    def target(self, name: Any) -> str:
        """Return a target as it was configured.

        Raises:
            UsageError: it is not in scope.
        """
        if str(name) not in self.targets:
            known = ", ".join(self.targets) or "none"
            raise UsageError(f"that target is not in scope; there are: {known}")
        return str(name)


def scope_of(targets: Sequence[str], directories: Sequence[Path], settings: Sequence[str]) -> Scope:
    """Read the server's configuration.

    Raises:
        UsageError: a target is none, or fits several; a directory is none; a setting is not written like NAME=VALUE.
    """
    for target in targets:
        with contextlib.suppress(TargetError):  # what is not there now may come while the server runs
            resolve(target)
    for directory in directories:
        if not directory.is_dir():
            raise UsageError(f"not a directory: {inert(str(directory))!r}")
    read: dict[str, str] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"not a setting: {inert(text)!r}", help="Write it like --set postgres=env:DSN.")
        read[name] = value
    return Scope(targets=tuple(targets), directories=tuple(each.resolve() for each in directories), settings=read)
