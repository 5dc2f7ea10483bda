"""Files as evidence: each with the SHA-256 of what it held when the step decided."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from leakdoc.errors import UnreadableSource
from leakdoc.model.step import EvidenceFile


def evidence_file(name: str, path: Path) -> EvidenceFile:
    """Return a file as evidence, with its SHA-256.

    Raises:
        UnreadableSource: the file cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, and what it gave be gone
            raise UnreadableSource(f"cannot read {path}: not a plain file")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except OSError as error:
        raise UnreadableSource(f"cannot read {path}: {error.strerror}") from None
    return EvidenceFile(name=name, path=str(path), sha256=digest.hexdigest())
