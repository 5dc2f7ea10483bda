"""Secrets of a whole record: what was found in one place is gone from everywhere, in every spelling.

It is used in two passes. `learn` reads every text of the record; `scrub` then takes out of a text what stands where
secrets stand, and every spelling of every secret that was learnt anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final
from urllib.parse import unquote

from leakdoc.redact.disguises import readings
from leakdoc.redact.encoded import decoded, encoded_runs, known_elsewhere, secret_manifest_values
from leakdoc.redact.secrets import MASK, Found, masked, secrets_in
from leakdoc.redact.spelling import spellings

_SHORTEST: Final = 5  # characters: a shorter word is masked where it stands, and too common to be hunted everywhere
_SHORTEST_WORD: Final = 8  # of letters alone, which may be a word of the language or a name
_DEEPEST: Final = 3  # encodings inside encodings
_WRAPPED: Final = 24  # characters: a spelling this long may be broken over lines
_NO_SECRET: Final = re.compile(
    r"(?i)true|false|null|none|nil|yes|no|unset|empty|missing|expired|invalid|required|unchanged|redacted|hidden|"
    r"postgres|postgresql|database|production|changeme|rabbitmq|kubernetes|memcached|elastic|elasticsearch|mongodb|"
    r"clickhouse|cassandra|application|staging|"
    r"changed|rotated|denied|default|password|secret|token|string|bytes|example|optional|authentication|unauthorized|"
    r"\*+|x+|\.+|[-\d.:/]{1,8}|<[^>]*>|\[[^\]]*\]|\$\{?.*|\{\{.*|%[a-z(].*|env:\w+|file:.*|os\.\w+.*|process\.env.*|.*\(.*"
)
_AN_ID_IS_SECRET: Final = re.compile(r"(?i)session[_-]?id|(?:access|private)[_-]?key[_-]?id")
_NAMES_ONE: Final = re.compile(r"(?i)(?:name|ref|file|path|arn|id|url|uri|type|count|limit|length|version|host)s?$")


class Scrubber:
    """What is known of a record's secrets."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._read: set[bytes] = set()
        self._spellings: tuple[str, ...] | None = None

    @property
    def secrets(self) -> int:
        """How many different secrets were learnt; never which."""
        return len(self._secrets)

    def learn(self, text: str) -> None:
        """Remember the secrets of one text, and of what is encoded in it; a text that was read before has no more."""
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in self._read:
            return
        self._read.add(digest)
        for reading in (text, *readings(text)):
            for each in found_in(reading):
                self._remember(each)

    def keep(self, secret: str) -> None:
        """Remember what is a secret wherever it stands."""
        self._remember(Found(0, 0, secret, True))

    def scrub(self, text: str) -> str:
        """Return the text without secrets: those that stand in it, and those learnt from any other."""
        text = self._without_known(masked(text, found_in(text)))
        return self._without_known(text)

    def _remember(self, found: Found) -> None:
        for secret in _parts(found.secret):
            if worth_hunting(secret, sure=found.sure):
                self._secrets.add(secret)
                self._spellings = None

    def _without_known(self, text: str) -> str:
        if self._spellings is None:
            known = {each for secret in self._secrets for each in (*spellings(secret), *spellings(unquote(secret)))}
            self._spellings = tuple(sorted(known, key=lambda each: (-len(each), each)))
        for each in self._spellings:
            if each in text:
                text = _replaced(text, each)
        return _without_wrapped(text, self._spellings) if "\n" in text else text


def worth_hunting(secret: str, *, sure: bool) -> bool:
    """Whether a secret is distinct enough to be taken out of every text, not only where it was found."""
    if len(secret) < _SHORTEST or MASK[:-1] in secret or _NO_SECRET.fullmatch(secret):
        return False
    if secret.isalpha() and (secret.islower() or secret.istitle()):
        return sure and len(secret) >= _SHORTEST_WORD
    return sure or len(secret) >= _SHORTEST_WORD or not secret.isalnum() or not (secret.isalpha() or secret.isdigit())


def found_in(text: str, depth: int = 0) -> Iterator[Found]:
    """Yield the secrets of one text, and those of what is encoded in it, each where it is masked."""
    yield from (each for each in secrets_in(text) if not _only_names_one(text, each))
    yield from secret_manifest_values(text)
    if depth < _DEEPEST:
        for start, end, run in encoded_runs(text):
            inner = list(found_in(decoded(run), depth + 1))
            for each in inner:
                yield Found(start, end, each.secret, each.sure)


def _only_names_one(text: str, found: Found) -> bool:
    """Whether what stands before the value says that it is a name, a path or a count of secrets: `secretName: db`."""
    if found.sure:
        return False
    before = text[max(0, found.start - 120) : found.start].rstrip(" \t=:\"'\\")
    end = len(before)
    while end and (before[end - 1].isalnum() or before[end - 1] in "_.-"):
        end -= 1
    key = before[end:]
    return names_a_place(key)


def names_a_place(key: str) -> bool:
    """Whether a key tells where a secret is, or how many there are, and not which: `secretName`, `tokens_limit`."""
    return bool(_NAMES_ONE.search(key)) and not _AN_ID_IS_SECRET.search(key)


def no_secret(value: str) -> bool:
    """Whether what stands in a secret's place is none: a word of the language, a reference, or masked already."""
    return MASK in value or bool(_NO_SECRET.fullmatch(value))


def _parts(secret: str) -> Iterator[str]:
    """Yield what is secret in what stood in a secret's place: without quotes, of `user:password` the password."""
    bare = secret.strip().strip("\\").strip("\"'").rstrip("\\\"'})],;")
    yield bare
    if not _NO_SECRET.fullmatch(bare):  # what a reference refers to is none either
        yield from _inner_parts(bare, secret)


def _inner_parts(bare: str, secret: str) -> Iterator[str]:
    if "\\" in bare:
        yield bare.replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")
    if "%" in bare:
        yield unquote(bare)
    if re.fullmatch(r"[^\s:;=]+:[^\s;]+", bare):  # curl -u user:password
        yield bare.partition(":")[2]
    if re.match(r"[A-Za-z0-9+/=]{8,}$", bare) and ":" in decoded(bare):  # Basic
        yield decoded(bare).partition(":")[2]
    if "=" in bare and ("; " in bare or re.match(r"[\w.-]+=[^=\s]{8,}", bare)):  # a cookie
        yield from (pair.partition("=")[2].strip() for pair in bare.split(";"))
    yield from _long_parts(bare, secret)


def _long_parts(bare: str, secret: str) -> Iterator[str]:
    if "PRIVATE KEY" in bare:
        lines = bare.replace("\\n", "\n").splitlines()
        yield from (line.strip() for line in lines if len(line.strip()) >= _WRAPPED and "--" not in line)
    if re.match(r"(?:services|workflows|triggers)/\S+/", bare):  # a webhook's path, of which the end is the secret
        yield from (bare.partition("/")[2], bare.rpartition("/")[2])
    if "\\ " in bare:
        yield bare.replace("\\ ", " ")
    if bare.startswith("{"):
        yield from _inside(secret.strip())


def _inside(secret: str) -> Iterator[str]:
    """Yield the values of an object of JSON that is a secret, but for a user's and a host's name."""
    try:
        found = json.loads(secret)
        found = json.loads(found) if isinstance(found, str) else found
    except (ValueError, RecursionError):
        return
    for key, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, str) and not known_elsewhere(key):
            yield value


def _replaced(text: str, spelling: str) -> str:
    """Replace a spelling, and with it the rest of the encoded run that it stands in."""
    if spelling.isalpha() and spelling.islower():
        return re.sub(rf"(?<![\w./-]){spelling}(?![\w./-])", lambda _: MASK, text)
    run = r"[A-Za-z0-9+/_-]*" if re.fullmatch(r"[A-Za-z0-9+/_-]{6,}", spelling) else ""
    return re.sub(f"{run}{re.escape(spelling)}{run}={{0,2}}" if run else re.escape(spelling), lambda _: MASK, text)


def _without_wrapped(text: str, known: tuple[str, ...]) -> str:
    """Take out long spellings that are broken over lines, as terminals and encoders break them."""
    long = [each for each in known if len(each) >= _WRAPPED]
    joined = re.sub(r"\\?\s*\n\s*", "", text) if long else ""
    for each in long:
        if each in joined:
            text = re.sub(r"(?:\\?\s*\n\s*)?".join(map(re.escape, each)), lambda _: MASK, text)
    return text
