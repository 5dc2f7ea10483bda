"""A proof to a file: the evidence bundle."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Final

from leakdoc.errors import RecordingError, UsageError
from leakdoc.model.proof import Proof
from leakdoc.model.proof_document import PROOF, proof_document
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import why

_LARGEST: Final = 2**28  # bytes; a larger file is somebody else's
_FOR_ITS_OWNER_ONLY: Final = 0o600  # it holds the metrics of a service in production


def write_proof(proof: Proof, path: str | os.PathLike[str]) -> Path:
    """Write a proof with its samples; the file appears whole or not at all, readable by its owner only.

    An earlier proof is replaced; any other file, such as the evidence itself, is left alone.

    Raises:
        UsageError: the file is there, and is no proof.
        RecordingError: the file cannot be written.
    """
    target = Path(path)
    _refuse_what_is_no_proof(target)
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


def _refuse_what_is_no_proof(target: Path) -> None:
    try:
        with target.open("rb") as opened:
            is_proof = PROOF.encode() in opened.read(_LARGEST)
    except OSError:  # not there, or not to be read: writing it will tell
        return
    if not is_proof:
        raise UsageError(
            f"{inert(target.name)} is there already, and is no proof", help="Name another file with --proof FILE."
        )


def _write_new(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, _FOR_ITS_OWNER_ONLY), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
