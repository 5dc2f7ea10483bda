"""A proof to a file: the evidence bundle."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Final

from leakdoc.errors import RecordingError
from leakdoc.model.proof import Proof
from leakdoc.model.proof_document import proof_document
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import why

_FOR_ITS_OWNER_ONLY: Final = 0o600  # it holds the metrics of a service in production


def write_proof(proof: Proof, path: str | os.PathLike[str]) -> Path:
    """Write a proof with its samples; the file appears whole or not at all, readable by its owner only.

    Raises:
        RecordingError: the file cannot be written.
    """
    target = Path(path)
    text = json.dumps(proof_document(proof), ensure_ascii=False, allow_nan=False, indent=1)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        _write_new(beside, f"{text}\n".encode())
        beside.replace(target)
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError, ValueError):
            beside.unlink(missing_ok=True)
        told = f"the proof cannot be written to {inert(target.name)}: {why(error)}"
        raise RecordingError(told, help="Name another file with --proof FILE.") from error
    return target


def _write_new(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, _FOR_ITS_OWNER_ONLY), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
