"""Secrets taken out of one text that stands alone: by their places, and by what a Kubernetes secret holds."""

from __future__ import annotations

from itertools import chain

from leakdoc.redact.encoded import secret_manifest_values
from leakdoc.redact.secrets import masked, secrets_in


def without_secrets(text: str) -> str:
    """Return the text with passwords, tokens, keys and the userinfo of URLs replaced by ``[redacted]``."""
    return masked(text, chain(secrets_in(text), secret_manifest_values(text)))
