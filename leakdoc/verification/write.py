"""A proof to a file: the evidence bundle."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from pathlib import Path
from typing import Final

from leakdoc.errors import RecordingError, UsageError
from leakdoc.model.proof import Proof
from leakdoc.model.proof_document import PROOF, proof_document
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import why
from leakdoc.verification.signature import signed

_MARK: Final = re.compile(rb'\A\s*\{\s*"schema"\s*:\s*"' + re.escape(PROOF.encode()) + b'"')
_START: Final = 4_096  # bytes; the mark comes first
_FOR_ITS_OWNER_ONLY: Final = 0o600  # it holds the metrics of a service in production


def write_proof(
    proof: Proof, path: str | os.PathLike[str], *, force: bool = False, sign: str | os.PathLike[str] | None = None
) -> Path:
    """Write a proof with its samples; the file appears whole or not at all, readable by its owner only.

    An earlier proof is replaced; any other file, such as the evidence itself, is left alone.

    Args:
        force: replace any plain file.
        sign: the SSH key that signs it, as ``ssh-keygen -Y sign`` takes it; null leaves it unsigned.

    Raises:
        UsageError: something is there that may not be replaced.
        RecordingError: the file cannot be written.
        SignatureError: it cannot be signed.
        MissingDependency: ssh-keygen is not there.
    """
    target = Path(path)
    _refuse_what_is_no_proof(target, force=force)
    document = proof_document(proof)
    if sign is not None:
        document = signed(document, sign)
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
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


def is_proof(path: Path) -> bool:
    """Say whether a plain file is an earlier proof; one that cannot be read is taken for somebody else's."""
    try:
        with path.open("rb") as opened:
            return _MARK.match(opened.read(_START)) is not None
    except OSError:
        return False


def _refuse_what_is_no_proof(target: Path, *, force: bool) -> None:
    name, elsewhere = inert(target.name), "Name another file with --proof FILE."
    try:
        there, plain = target.exists(), target.is_file()
    except (OSError, ValueError):  # writing it will tell
        return
    if there and not plain:
        raise UsageError(f"{name} is there already, and is not a plain file", help=elsewhere)
    if there and not force and not is_proof(target):
        raise UsageError(f"{name} is there already, and is no proof", help=elsewhere)


def _write_new(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, _FOR_ITS_OWNER_ONLY), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
