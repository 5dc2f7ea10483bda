"""SSH signatures of proofs, by ``ssh-keygen -Y``: whose samples they are, which no hash can show.

What is signed is the proof's ``sha256``, as text without a line end, in the namespace ``leakdoc.proof``. The signature
stands in the document beside the hash.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import MissingDependency, SignatureError, UsageError
from leakdoc.model.documents import Document
from leakdoc.redact import inert

NAMESPACE: Final = "leakdoc.proof"
ORIGIN: Final = "origin unverified: the decision follows from the samples; only a signature says whose samples they are"
_PATIENCE_S: Final = 60.0  # a key may ask for a touch or a passphrase
_LONGEST: Final = 16_384  # characters of a signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signature came to.

    Args:
        origin: whose the proof is, in words.
        problems: why it is not shown to be anybody's, where that was asked for.
    """

    origin: str
    problems: tuple[str, ...] = ()


def signed(document: Document, key: str | os.PathLike[str]) -> Document:
    """Return a proof's document with the signature of its hash.

    Raises:
        SignatureError: there is no such key, or it cannot be used.
        MissingDependency: ssh-keygen is not there.
    """
    path = Path(key)
    if not path.is_file():
        raise SignatureError(f"there is no key {inert(str(path))}", help="Make one: ssh-keygen -t ed25519 -f KEY")
    done = _ask(["-Y", "sign", "-q", "-f", str(path), "-n", NAMESPACE], document["sha256"])
    if done.returncode != 0 or "BEGIN SSH SIGNATURE" not in done.stdout:
        raise SignatureError(
            f"the proof cannot be signed with {inert(path.name)}: {_told(done)}",
            help="Give the private key, or a public key whose private half an agent holds.",
        )
    return document | {"signature": done.stdout}


def signed_by(document: Document, allowed_signers: str | os.PathLike[str]) -> Signed:
    """Say whether one of the allowed signers signed the hash that the document carries.

    Raises:
        UsageError: the file of allowed signers cannot be read.
        MissingDependency: ssh-keygen is not there.
    """
    allowed = Path(allowed_signers)
    if not allowed.is_file() or not os.access(allowed, os.R_OK):
        told = "Each line: a name, a key type and a public key; see ALLOWED SIGNERS in ssh-keygen(1)."
        raise UsageError(f"the allowed signers cannot be read: {inert(str(allowed))}", help=told)
    signature = document.get("signature")
    if not isinstance(signature, str):
        return Signed(origin=ORIGIN, problems=("signature: is missing, and one is required",))
    with tempfile.TemporaryDirectory(prefix="leakdoc-") as folder:
        file = Path(folder) / "signature"
        file.write_text(signature[:_LONGEST], encoding="utf-8", errors="replace")
        return _checked(document["sha256"], str(allowed), str(file))


def _checked(text: str, allowed: str, signature: str) -> Signed:
    found = _ask(["-Y", "find-principals", "-s", signature, "-f", allowed], "")
    for name in found.stdout.splitlines() if found.returncode == 0 else []:
        words = ["-Y", "verify", "-n", NAMESPACE, "-I", name, "-s", signature, "-f", allowed]
        if _ask(words, text).returncode == 0:
            return Signed(origin=f"signed by {inert(name)}")
    why = "is not that of this file" if found.returncode == 0 else "is by nobody who may sign"
    return Signed(origin=ORIGIN, problems=(f"signature: {why}",))


def _ask(words: Sequence[str], text: Any) -> subprocess.CompletedProcess[str]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise MissingDependency("signatures need ssh-keygen", help="Install OpenSSH: apt-get install openssh-client")
    try:
        return subprocess.run(
            [program, *words], input=str(text), capture_output=True, text=True, errors="replace", timeout=_PATIENCE_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SignatureError(f"ssh-keygen gave no answer: {inert(str(error))}", help="Try the key by hand.") from error


def _told(done: subprocess.CompletedProcess[str]) -> str:
    return inert(done.stderr.strip().splitlines()[-1]) if done.stderr.strip() else f"exit status {done.returncode}"
