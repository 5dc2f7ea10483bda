"""Secrets in values of JSON, where a name and its value, or the words of a command, are texts of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leakdoc.redact.encoded import known_elsewhere
from leakdoc.redact.patterns import SECRET_NAME
from leakdoc.redact.scrubber import Scrubber, found_in, names_a_place, no_secret
from leakdoc.redact.secrets import MASK, Found, masked

_NAMED: Final = re.compile(rf"(?i){SECRET_NAME}|cookies?|set-cookie|jwt")
_WHO_AND_WHERE: Final = re.compile(r"(?i)(?:user|login|host)(?:name)?|port|endpoint|url|path|file")
_SHORT: Final = {"pass", "pw", "auth", "pat"}  # names of secrets, and of other things too
_MOST: Final = 64 << 10  # characters of a value's whole text that are looked at


def without_secrets_inside(value: Any) -> Any:
    """Return a value of JSON without secrets.

    What a name calls a secret is masked as a whole, words of a list are read as the one line that they are, and what
    was found in one text is taken out of all others. The same value gives the same answer.
    """
    if isinstance(value, int | float) or value is None:
        return value
    scrubber = Scrubber()
    learnt(value, scrubber)
    return _cleaned(value, scrubber)


def learnt(value: Any, scrubber: Scrubber) -> None:
    """Remember the secrets of a value of JSON, also those that only its names tell."""
    for text in _texts(value):
        scrubber.learn(text)
    for secret in _named(value):
        scrubber.keep(secret)


def scrubbed(value: Any, scrubber: Scrubber) -> Any:
    """Return a value of JSON without what a scrubber knows from others."""
    if isinstance(value, str):
        return scrubber.scrub(value)
    if isinstance(value, Mapping):
        return {scrubber.scrub(str(key)): scrubbed(each, scrubber) for key, each in value.items()}
    return [scrubbed(each, scrubber) for each in value] if isinstance(value, list | tuple) else value


def _named(value: Any, *, secret: bool = False) -> Iterator[str]:
    """Yield the texts that stand below a name of secrets."""
    if isinstance(value, str):
        yield from (value,) if secret and not no_secret(value) else ()
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _named(each, secret=_names_one(str(key), each, within=secret))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _named(each, secret=secret)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a value, every list of words as a line, and the whole as JSON."""
    yield from _parts(value)
    if isinstance(value, Mapping | list | tuple):
        try:
            yield json.dumps(value, ensure_ascii=False, default=str)[:_MOST]
        except (TypeError, ValueError, RecursionError):
            return


def _parts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from (str(key), *_parts(each))
    elif isinstance(value, list | tuple):
        if all(isinstance(each, str) for each in value):
            yield " ".join(value)
        for each in value:
            yield from _parts(each)


def _cleaned(value: Any, scrubber: Scrubber, *, secret: bool = False) -> Any:
    """Return a value without secrets.

    Args:
        secret: a name above it says that what it holds is one.
    """
    if isinstance(value, str):
        return MASK if secret and value and not no_secret(value) else scrubber.scrub(value)
    if isinstance(value, Mapping):
        return {
            scrubber.scrub(str(key)): _cleaned(each, scrubber, secret=_names_one(str(key), each, within=secret))
            for key, each in value.items()
        }
    if isinstance(value, list | tuple):
        words = [str(each) for each in value] if value and all(isinstance(each, str) for each in value) else []
        parts = _across(words) if len(words) > 1 else value
        return [_cleaned(each, scrubber, secret=secret) for each in parts]
    return value


def _names_one(key: str, value: Any, *, within: bool) -> bool:
    if _WHO_AND_WHERE.fullmatch(key) if within else known_elsewhere(key) or names_a_place(key):
        return False
    if key.lower() in _SHORT:
        return within or (isinstance(value, str) and not value.isalpha())
    return within or _NAMED.fullmatch(key) is not None


def _across(words: Sequence[str]) -> list[str]:
    """Return words without the secrets that show only when they are read together: as a line, or as chunks."""
    for between in (" ", ""):
        words = _masked_across(words, between)
    return list(words)


def _masked_across(words: Sequence[str], between: str) -> list[str]:
    found = list(found_in(between.join(words)))
    kept, at = [], 0
    for word in words:
        kept.append(_within(word, at, found))
        at += len(word) + len(between)
    return kept


def _within(word: str, at: int, found: Sequence[Found]) -> str:
    """Return a word that stands at a place, with what overlaps a secret masked."""
    here = (Found(max(0, each.start - at), min(len(word), each.end - at), "", True) for each in found)
    return masked(word, (each for each in here if each.start < each.end and word[each.start : each.end] != MASK))
