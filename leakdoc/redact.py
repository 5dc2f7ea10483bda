"""The one place that makes foreign text inert and takes secrets out of text.

Process names, peers, SQL application names, log lines and records are written by strangers. Before any of it
reaches a terminal, a page or a file it passes through here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MASK: Final = "[redacted]"
_LONGEST_NAME: Final = 200

_SECRET_NAME: Final = r"[\w.-]*(?:password|passwd|pwd|secret|token|api[_-]?key|credential|authorization)[\w.-]*"
_VALUE: Final = r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;&]+)"
_ASSIGNED: Final = re.compile(rf"(?i)(?P<key>{_SECRET_NAME})(?P<sep>[\"']?\s*[=:]\s*){_VALUE}")
_OPTION: Final = re.compile(rf"(?i)(?P<key>(?<![\w-])--?{_SECRET_NAME})(?P<sep>\s+){_VALUE}")
_USERINFO: Final = re.compile(
    r"(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]*://)"
    r"(?P<userinfo>(?![^\s/@:]+:\d+/)[^\s/@:]*:\S*|[^/\s@]+)@"  # a password may hold @ and /; host:port/ is no user
)
_KNOWN_FORMS: Final = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"  # an access key id
    r"|\beyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*"  # a JSON web token
    r"|(?<=hooks\.slack\.com/)\S+"  # a webhook's path is its secret
)
_IN_COMMANDS: Final = (
    re.compile(r"(?P<key>\bcurl\b[^\n|;]{0,200}?\s(?:-u\s*|--user[ =]))(?P<sep>)[^\s:]+:\S+"),
    re.compile(
        r"(?P<key>\b(?:mysql(?:dump|admin|import|show)?|mariadb(?:-dump|-admin)?)\b[^\n|;]{0,200}?\s-p)(?P<sep>)\S+"
    ),
)
_COOKIE: Final = re.compile(r"(?i)(?P<key>\bcookie[\"']?)(?P<sep>\s*:\s*)\S[^\r\n]*")
_PASS: Final = re.compile(
    rf"(?i)(?P<key>(?<![a-z0-9])pass(?:phrase)?)(?P<sep>[\"']\s*:\s*|[\"']?\s*=\s*){_VALUE}"  # but "pass: 3 checks"
)
_BEARER: Final = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)


def inert(text: str, *, longest: int = _LONGEST_NAME) -> str:
    """Return foreign text on one line, without control, format or bidirectional characters.

    Args:
        text: anything.
        longest: how many characters are kept; the rest is replaced by an ellipsis.
    """
    kept = "".join(_plain(character) for character in text)
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category in ("Cc", "Zl", "Zp") else character


def without_secrets(text: str) -> str:
    """Return the text with passwords, tokens, keys and the userinfo of URLs replaced by ``[redacted]``."""
    text = _KNOWN_FORMS.sub(MASK, _PRIVATE_KEY.sub(MASK, text))
    text = _USERINFO.sub(lambda match: f"{match['scheme']}{MASK}@", text)
    text = _BEARER.sub(lambda match: f"{match[1]} {MASK}", text)
    for pattern in (*_IN_COMMANDS, _COOKIE, _PASS, _ASSIGNED, _OPTION):
        text = pattern.sub(lambda match: f"{match['key']}{match['sep']}{MASK}", text)
    return text
