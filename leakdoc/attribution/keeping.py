"""Captures kept for those who want the flame: the files, and a manifest that says what they are."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from leakdoc._version import __version__
from leakdoc.errors import UsageError
from leakdoc.redact import inert, without_secrets
from leakdoc.units import format_time

MANIFEST: Final = "manifest.json"


class Keeper:
    """Keeps captures in a directory of its own, readable by their owner only.

    Raises:
        UsageError: the directory cannot be made, or holds something.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        name = inert(str(directory))
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            occupied = any(directory.iterdir())
        except OSError as error:
            raise UsageError(f"{name} cannot be used: {error.strerror}", help="Name another directory.") from error
        if occupied:
            raise UsageError(f"{name} is not empty", help="Name a new directory for --keep.")

    def take(self, place: Path) -> None:
        """Copy the captures in a directory.

        Raises:
            OSError: there is no room; of the one that did not fit nothing is left.
        """
        for capture in sorted(place.glob("*.memray")):
            if capture.is_file() and not capture.is_symlink():
                kept = self.directory / capture.name
                try:
                    shutil.copyfile(capture, kept)
                except OSError:
                    kept.unlink(missing_ok=True)
                    raise
                kept.chmod(0o600)

    def finish(self, *, target: Mapping[str, Any], at: float, argv: Sequence[str]) -> Path:
        """Write the manifest: who, when, what was run, versions, hashes; secrets are redacted. Return the directory."""
        files = [
            {"name": path.name, "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in sorted(self.directory.iterdir())
        ]
        python = ".".join(map(str, sys.version_info[:3]))
        manifest = {
            "schema": "leakdoc.capture/1",
            "at": format_time(at),
            "by": {"user": _user(), "uid": os.geteuid(), "host": inert(socket.gethostname())},
            "argv": [without_secrets(inert(word)) for word in argv],
            "target": dict(target),
            "versions": {"leakdoc": __version__, "python": python, "memray": _memray()},
            "files": files,
        }
        path = self.directory / MANIFEST
        try:
            path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        except OSError:
            path.unlink(missing_ok=True)
            raise
        path.chmod(0o600)
        return self.directory


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without an entry, as in many containers
        return None


def _memray() -> str | None:
    try:
        return version("memray")
    except PackageNotFoundError:
        return None
