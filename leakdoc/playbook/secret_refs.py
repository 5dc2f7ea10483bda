"""Our own secrets: given as ``env:NAME`` or ``file:PATH``, read where they are used, and never written anywhere."""

from __future__ import annotations

import os
from typing import Final

from leakdoc.errors import LeakdocError, UsageError
from leakdoc.redact import inert
from leakdoc.small_files import read_small

_LARGEST: Final = 65_536


def is_reference(text: str) -> bool:
    """Say whether a text is a reference to a secret."""
    return text.startswith(("env:", "file:"))


def read_secret(reference: str) -> str:
    """Return the secret that a reference stands for, without surrounding white space.

    Raises:
        UsageError: it is no reference; a literal secret is refused.
        LeakdocError: there is nothing where it leads.
    """
    kind, colon, name = reference.partition(":")
    if not colon or kind not in ("env", "file") or not name:
        raise UsageError("a secret is given as env:NAME or file:PATH, never itself")
    if kind == "env":
        found = os.environ.get(name)
        if not found:
            raise LeakdocError(f"the environment variable {inert(name)} is not set", help="Set it, or give file:PATH.")
        return found.strip()
    try:
        text = read_small(name, most=_LARGEST).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise LeakdocError(f"cannot read the secret in {inert(name)}: {inert(str(error))}") from None
    if not text:
        raise LeakdocError(f"the file {inert(name)} holds no secret")
    return text
