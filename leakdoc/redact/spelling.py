"""How one secret can be spelled: plain, URL-encoded, escaped, in hexadecimal, and in base64 wherever it stands.

Three bytes make four characters of base64 (RFC 4648), so that a secret inside a longer text has three spellings, by
what stands before it; the characters at its edges depend on its neighbours and are left out.
"""

from __future__ import annotations

import base64
import json
from typing import Final
from urllib.parse import quote, quote_plus

_SHORTEST_ENCODED: Final = 6  # characters of base64 that are sure to be the secret's own; fewer occur by chance


def spellings(secret: str) -> frozenset[str]:
    """Return every spelling of a secret that is searched for, the plain one among them."""
    raw = secret.encode("utf-8", "surrogatepass")
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)} if secret.isprintable() else set()
    found = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], *quoted}
    found |= {_lower_escapes(each) for each in quoted}
    found |= {raw.hex(), raw.hex().upper()} if len(raw) >= _SHORTEST_ENCODED else set()
    for variant in {raw, secret.encode("utf-16-le", "surrogatepass")}:
        found |= {each for shift in range(3) for each in _base64_inside(variant, shift)}
    return frozenset(each for each in found if each)


def _lower_escapes(text: str) -> str:
    parts = text.split("%")
    return parts[0] + "".join("%" + part[:2].lower() + part[2:] for part in parts[1:])


def _base64_inside(raw: bytes, shift: int) -> tuple[str, ...]:
    """Return the characters that encode the secret alone when `shift` bytes, of three, stand before it."""
    first = -(-shift * 8 // 6)  # the first character that no byte before it takes part in
    last = (shift + len(raw)) * 8 // 6  # the first that a byte behind it would take part in
    text = base64.b64encode(b"\0" * shift + raw).decode("ascii")[first:last]
    if len(text) < _SHORTEST_ENCODED:
        return ()
    return (text, text.replace("+", "-").replace("/", "_"))
