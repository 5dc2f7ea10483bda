"""Secrets taken out of one text that stands alone: by their places, in a Kubernetes secret, and in base64."""

from __future__ import annotations

from leakdoc.redact.scrubber import found_in
from leakdoc.redact.secrets import masked


def without_secrets(text: str) -> str:
    """Return the text with passwords, tokens, keys and the userinfo of URLs replaced by ``[redacted]``."""
    return masked(text, found_in(text))
