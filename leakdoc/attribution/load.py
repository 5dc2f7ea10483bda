"""How many requests a target has served, read from the counter that it serves itself in Prometheus's text format.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/, and OpenMetrics.
"""

from __future__ import annotations

import re
import urllib.request
from http.client import HTTPException
from typing import Final
from urllib.parse import urldefrag, urlsplit

from leakdoc.errors import UsageError
from leakdoc.redact import inert, without_secrets

_PATIENCE_S: Final = 5.0
_LONGEST: Final = 16 << 20  # bytes of an answer
_SAMPLE: Final = re.compile(r"^([A-Za-z_:][\w:]*)(?:\{[^\n]*\})?[ \t]+([^\s#]+)", re.MULTILINE)
_REQUESTS: Final = re.compile(r"requests?(?:_\w+)?_(?:total|count)$")  # what frameworks' exporters call theirs


class LoadCounter:
    """Reads the counter at an address; its name may follow after ``#``, else the first that counts requests is taken.

    Raises:
        UsageError: it is no address of the web, or holds a password.
    """

    def __init__(self, address: str) -> None:
        self._url, self._name = urldefrag(address)
        parts = urlsplit(self._url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise UsageError(
                f"no address of a counter of requests: {without_secrets(inert(address))}",
                help="Give it like http://127.0.0.1:8000/metrics#http_requests_total, without a password.",
            )

    def read(self) -> float:
        """Return how many there have been, added up over all labels.

        Raises:
            OSError: nobody answers, or the counter is not there.
        """
        try:
            with urllib.request.urlopen(self._url, timeout=_PATIENCE_S) as answer:
                text = answer.read(_LONGEST).decode("utf-8", "replace")
        except (HTTPException, ValueError) as error:
            raise OSError(str(error)) from error
        samples = [(name, _number(value)) for name, value in _SAMPLE.findall(text)]
        wanted = self._name or next((name for name, _ in samples if _REQUESTS.search(name)), "")
        values = [value for name, value in samples if name == wanted and value is not None]
        if not values:
            raise OSError(f"no counter {wanted}" if wanted else "none of its counters is called after requests")
        return sum(values)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
