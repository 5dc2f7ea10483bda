"""What a server's refusal means, in words that say what to do next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from leakdoc.errors import UnreadableSource
from leakdoc.redact import inert, without_secrets

_MEANT: Final[Mapping[int, tuple[str, str]]] = {
    401: ("Prometheus wants to know who asks", "Give --prometheus-bearer, -basic or -cert, or a tenant with -org."),
    403: ("Prometheus does not allow this", "Ask with other credentials, or for another tenant with --prometheus-org."),
    404: ("there is no API of Prometheus at this address", "Give the address that stands before /api/v1."),
    405: ("there is no API of Prometheus at this address", "Give the address that stands before /api/v1."),
    502: ("what stands before Prometheus does not reach it", "Try again later, or give Prometheus' own address."),
    503: ("Prometheus cannot answer now", "Try again later: it starts, or has too much to do."),
    429: ("Prometheus has too much to do", "Try again later, or ask for less: a shorter --since, a narrower --match."),
}
_TOO_MUCH: Final = frozenset({413, 414})
_EXECUTION: Final = frozenset({"execution", "422"})  # of errors of 422; VictoriaMetrics repeats the number
_LESS: Final = "Ask for less: a shorter --since, a narrower --match."


class TooMuch(UnreadableSource):
    """More was asked for than the server gives at once, or than is read at once; parts of it may be had."""


class Costly(TooMuch):
    """It took long, or much had to be read, until that was known: a server that goes on so is not asked for ever."""


class TookTooLong(Costly):
    """The answer did not end within its time."""


class TooLarge(Costly):
    """The answer is larger than is read at once."""


def refusal(status: int, body: bytes, headers: Mapping[str, str]) -> UnreadableSource:
    """Return the error for an answer that is none.

    Args:
        status: of HTTP.
        body: how it begins, at least.
        headers: of the answer.
    """
    kind, told = _error_of(body)
    if 300 <= status < 400:
        where = without_secrets(inert(headers.get("Location", "elsewhere")))
        return UnreadableSource(f"Prometheus has moved to {where}", help="Give that address.")
    if status == 504:
        return TookTooLong(f"Prometheus did not answer in time (504{f': {told}' if told else ''})", help=_LESS)
    if status in _TOO_MUCH or (status == 422 and kind in _EXECUTION) or kind == "timeout":
        refused = TookTooLong if kind == "timeout" else TooMuch
        return refused(f"Prometheus refused a query ({status}): {told or 'too much was asked for at once'}", help=_LESS)
    words, help = _MEANT.get(status, ("Prometheus refused a query", "Check the address, --match and --metric."))
    return UnreadableSource(f"{words} ({status}{f': {told}' if told else ''})", help=help)


def _error_of(body: bytes) -> tuple[str, str]:
    """Return the kind and the words of an error in Prometheus' form; of any other body only its first words."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        text = body[:200].decode("utf-8", "replace").strip()
        return "", "" if text.startswith("<") else without_secrets(inert(text, longest=160))
    if not isinstance(answer, dict):
        return "", ""
    kind, told = answer.get("errorType"), answer.get("error")
    return str(kind or ""), without_secrets(inert(str(told or ""), longest=300))
