"""Secrets of our own come by reference, ``env:NAME`` or ``file:PATH``, and never as themselves."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import why

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST: Final = 1 << 16
_HELP: Final = "Put it in an environment variable or a file of your own, and give env:NAME or file:PATH."


def secret_of(reference: str) -> str:
    """Return the secret that a reference names.

    Raises:
        UsageError: it is no reference, or names nothing; the text itself is not repeated, as it may be the secret.
    """
    kind, colon, name = reference.partition(":")
    if colon and kind == "env" and _NAME.fullmatch(name):
        return _found(os.environ.get(name, ""), f"the environment variable {name}")
    if colon and kind == "file" and name:
        try:
            return _found(Path(name).read_text(encoding="utf-8")[:_LONGEST].strip(), f"the file {inert(name)}")
        except (OSError, ValueError) as error:
            reason = why(error) if isinstance(error, OSError) else "it is no text"
            raise UsageError(f"the file {inert(name)} cannot be read: {reason}", help=_HELP) from None
    raise UsageError("a secret is given by reference, never as itself", help=_HELP)


def _found(secret: str, where: str) -> str:
    if not secret:
        raise UsageError(f"{where} is not set, or is empty", help=_HELP)
    return secret
