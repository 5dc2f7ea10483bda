"""A grant: an SSH signature over an approval's digest (`ssh-keygen -Y sign`), checked against the allowed signers."""

from __future__ import annotations

import hashlib
import re
import stat
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leakdoc.errors import MissingDependency, PlaybookError
from leakdoc.redact import inert

NAMESPACE: Final = "leakdoc-approval"
_LARGEST: Final = 65_536
_TIMEOUT_S: Final = 30.0
_KEY: Final = re.compile(r"with (\S+) key (SHA256:\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A signature that holds.

    Args:
        signer: the role it was made for, and the key.
        sha256: of the signature.
    """

    signer: str
    sha256: str


def sign_command(digest: str) -> str:
    """Return the shell command by which a person makes a grant for a digest."""
    return f"printf %s {digest} | ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/id_ed25519 > grant.sig"


def check_grant(grant: Path, *, digest: str, role: str, signers: Path, used: Collection[str]) -> Grant:
    """Hold a grant against a digest.

    Args:
        used: hashes of the grants that were used up.

    Raises:
        PlaybookError: it was used already, or is no signature over this digest by somebody who has the role.
        MissingDependency: there is no ssh-keygen.
    """
    shown = inert(str(grant))
    try:
        found = grant.stat()
        if found.st_size > _LARGEST or not stat.S_ISREG(found.st_mode):
            raise PlaybookError(f"the grant {shown} is no signature: it is too large, or no plain file")
        signature = grant.read_bytes()
    except OSError as error:
        raise PlaybookError(f"cannot read the grant {shown}: {error.strerror}") from None
    sha256 = hashlib.sha256(signature).hexdigest()
    if sha256 in used:
        raise PlaybookError(f"the grant {shown} was used already", help="Each approval needs a signature of its own.")
    for text in (digest, f"{digest}\n"):
        told = _verified(grant, text, role, signers)
        if told is not None:
            return Grant(signer=f"{role} ({told})", sha256=sha256)
    raise PlaybookError(
        f"the grant {shown} does not hold: it is no signature of {role} over {digest}",
        help="It may be for another run or step, of another key, or what was approved has changed since.",
    )


def _verified(grant: Path, text: str, role: str, signers: Path) -> str | None:
    command = ["ssh-keygen", "-Y", "verify", "-n", NAMESPACE, "-I", role, "-f", str(signers), "-s", str(grant)]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=_TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise MissingDependency("there is no ssh-keygen", help="Install it: apt-get install openssh-client") from None
    except subprocess.TimeoutExpired:
        raise PlaybookError("ssh-keygen did not answer") from None
    if done.returncode != 0:
        return None
    found = _KEY.search(done.stdout.decode("utf-8", "replace"))
    return f"{found[1]} {found[2]}" if found else "key unknown"
