"""What is encoded inside a text: base64 runs that hold readable text, and the values of a Kubernetes secret."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from leakdoc.redact.secrets import MASK, Found

_LEAST_READABLE: Final = 0.9  # of the decoded characters; noise that only looks encoded decodes to anything

_NO_SECRET_KEY: Final = re.compile(
    r"(?i)(?:^|[._-])(?:user|username|login|host|hostname|port|db|dbname|database|region|bucket|name|endpoint)$"
)


@cache
def _run() -> re.Pattern[str]:
    return re.compile(r"(?<![A-Za-z0-9+/_=-])(?:[A-Za-z0-9+/]{16,}|[A-Za-z0-9_-]{16,})={0,2}(?![A-Za-z0-9+/_=-])")


@cache
def _manifest() -> re.Pattern[str]:
    return re.compile(
        r"(?m)^(?P<indent>[ \t]*)(?:data|stringData):[ \t]*\n(?P<lines>(?:(?P=indent)[ \t]+\S.*(?:\n|\Z))+)"
    )


def encoded_runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the base64 runs of a text that decode to something readable, with where they begin and end."""
    for match in _run().finditer(text):
        if decoded(match[0]):
            yield match.start(), match.end(), match[0]


def decoded(run: str) -> str:
    """Return what a base64 run holds, standard or URL-safe, or nothing when that is no readable text."""
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    readable = sum(character.isprintable() or character in "\r\n\t" for character in text)
    return text if text and readable >= _LEAST_READABLE * len(text) else ""


def secret_manifest_values(text: str) -> Iterator[Found]:
    """Yield the values of `data` and `stringData` of a Kubernetes secret, in YAML or JSON."""
    if "stringData" in text:
        yield from _of_json(text, "stringData")  # of nothing but a secret, in a patch too
    if "ecret" not in text or not re.search(r"(?i)[\"']?kind[\"']?:\s*[\"']?Secret\b", text):
        return
    for block in _manifest().finditer(text):
        for line in re.finditer(r"(?m)^[ \t]+(?P<key>[\w.-]+):[ \t]*(?P<value>\S.*?)[ \t]*$", block["lines"]):
            offset = block.start("lines")
            yield from _values(offset + line.start("value"), offset + line.end("value"), line["value"], line["key"])
    yield from _of_json(text, "data")


def _of_json(text: str, name: str) -> Iterator[Found]:
    for block in re.finditer(rf"\"{name}\":\s*\{{(?P<pairs>[^{{}}]*)\}}", text):
        for pair in re.finditer(r"\"(?P<key>[\w.-]+)\":\s*\"(?P<value>(?:[^\"\\]|\\.)*)\"", block["pairs"]):
            offset = block.start("pairs")
            yield from _values(offset + pair.start("value"), offset + pair.end("value"), pair["value"], pair["key"])


def known_elsewhere(key: str) -> bool:
    """Whether a key of a secret names what is none: a user, a host, a port."""
    return _NO_SECRET_KEY.search(key) is not None


def _values(start: int, end: int, value: str, key: str) -> Iterator[Found]:
    """Yield one value of a secret as it is and decoded; a user's or a host's name is masked, but not hunted."""
    if MASK in value:
        return
    inner = decoded(value.strip("\"'"))
    told = known_elsewhere(key)
    yield Found(start, end, "" if told else value, True)
    if inner and not told and "\n" not in inner and "://" not in inner:
        yield Found(start, end, inner, True)
