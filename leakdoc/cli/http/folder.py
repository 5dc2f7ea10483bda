"""The files that are served: those of one folder, and nothing that a name could lead to outside of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leakdoc.cli.http.workloads import Workloads
from leakdoc.errors import UnreadableSource
from leakdoc.redact import inert

MOST_FILES: Final = 10_000
_BESIDE: Final = ("-wal", "-shm", "-lock")


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of recordings, tables and proofs.

    Args:
        workloads: where workloads are asked for; null where no Prometheus was named.
    """

    root: Path
    workloads: Workloads | None = None

    def file(self, name: str) -> Path:
        """Return the file of a name.

        Raises:
            UnreadableSource: there is none inside the folder, whatever links and dots the name holds.
        """
        missing = UnreadableSource(f"there is no file {inert(name)} here", help="GET /files lists what there is.")
        if "\0" in name or not name or Path(name).is_absolute():
            raise missing
        try:
            found = (self.root / name).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise missing from None
        if not found.is_relative_to(self.root.resolve()) or not found.is_file():
            raise missing
        return found

    def names(self) -> list[str]:
        """List the files by their path in the folder, sorted; hidden ones, and those beside a recording, left out."""
        found: list[str] = []
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            hidden = any(part.startswith(".") for part in Path(name).parts) or name.endswith(_BESIDE)
            if path.is_file() and not hidden:
                found.append(name)
            if len(found) >= MOST_FILES:
                break
        return found
