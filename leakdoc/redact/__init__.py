"""The one place that makes foreign text inert and takes secrets out of text.

Process names, peers, SQL application names, log lines and records are written by strangers. Before any of it
reaches a terminal, a page or a file it passes through here.
"""

from leakdoc.redact.inert import inert
from leakdoc.redact.masking import without_secrets
from leakdoc.redact.secrets import MASK

__all__ = ["MASK", "inert", "without_secrets"]
