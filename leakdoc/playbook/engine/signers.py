"""The file of those who may approve: it counts only where the runner cannot write it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from leakdoc.errors import PlaybookError
from leakdoc.redact import inert

VARIABLE: Final = "LEAKDOC_ALLOWED_SIGNERS"
USUAL: Final = Path("/etc/leakdoc/allowed_signers")
_ANY_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def allowed_signers(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file that says whose signatures count.

    Raises:
        PlaybookError: it is not there, or this process could write it.
    """
    path = given or Path(environment.get(VARIABLE) or USUAL)
    shown = inert(str(path))
    try:
        reason = why_writable(path, os.geteuid())
    except OSError as error:
        raise PlaybookError(
            f"cannot read the allowed signers {shown}: {error.strerror}",
            help=f"Name the file with --allowed-signers, in {VARIABLE}, or put it at {USUAL}.",
        ) from None
    if reason is not None:
        told = "as root: chown root FILE; chmod 0444 FILE, in a directory that only root writes"
        raise PlaybookError(f"the allowed signers {shown} do not count: {reason}", help=f"Protect the file {told}.")
    return path


def why_writable(path: Path, uid: int) -> str | None:
    """Say why a process of this user could change a file; null where it could not without breaking a protection.

    Root can write anything: of it, a file without any permission to write is taken as protected.

    Raises:
        OSError: the file is not there.
    """
    real = path.resolve(strict=True)
    found = real.stat()
    if not stat.S_ISREG(found.st_mode):
        return "it is no plain file"
    if uid == 0:
        if found.st_uid != 0:
            return "somebody else than root owns it"
        return "it has a permission to write" if found.st_mode & _ANY_WRITE else None
    if found.st_uid == uid:
        return "this user owns it"
    if os.access(real, os.W_OK):
        return "this user may write it"
    folder = real.parent.stat()
    if os.access(real.parent, os.W_OK) and not folder.st_mode & stat.S_ISVTX:
        return "this user may replace it: the directory is writable"
    return None
