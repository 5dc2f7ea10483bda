"""Secrets taken out of one text, each where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from leakdoc.redact.patterns import Form, forms, hint, literals, userinfo
from leakdoc.redact.presence import standing_in

MASK: Final = "[redacted]"
_LONG: Final = 4096  # characters: most longer texts hold some hint, and looking for the literals costs less


class Found(NamedTuple):
    """A secret in a text: where what is masked begins and ends, the secret itself, and whether it surely is one."""

    start: int
    end: int
    secret: str
    sure: bool


def is_masked(value: str) -> bool:
    """Whether a value is what stands for a secret already, in quotes or brackets."""
    return MASK in value and not any(character.isalnum() for character in value.replace(MASK, ""))


def masked(text: str, found: Iterator[Found]) -> str:
    """Return the text with what was found replaced; what overlaps is replaced as one."""
    kept: list[str] = []
    at = 0
    for each in sorted(found, key=lambda each: (each.start, -each.end)):
        if each.end <= at:
            continue
        if each.start >= at:
            kept += [text[at : each.start], MASK]
        at = each.end
    kept.append(text[at:])
    return "".join(kept)


def secrets_in(text: str) -> Iterator[Found]:
    """Yield what stands where secrets stand, in the order of the forms."""
    if len(text) < _LONG and not hint().search(text):
        return
    for match in userinfo().finditer(text) if "://" in text else ():
        user, colon, password = match["userinfo"].partition(":")
        yield Found(match.start("userinfo"), match.end("userinfo"), password if colon else user, bool(colon))
    lowered = text.lower()
    present = standing_in(lowered, literals())
    for form in forms():
        for match in _matches(form, text, lowered, present):
            start, end = match.span("value")
            if not is_masked(match["value"]):
                yield Found(start, end, match["value"], form.sure)


def _matches(form: Form, text: str, lowered: str, present: frozenset[str]) -> Iterator[re.Match[str]]:
    needed = [each for each in form.needs if each in present]
    if not needed or (form.also and present.isdisjoint(form.also)):
        return
    if not form.anchored or len(lowered) != len(text):
        yield from form.pattern.finditer(text)
        return
    for each in needed:
        at = lowered.find(each)
        while at >= 0:
            match = form.pattern.match(text, at)
            if match is not None:
                yield match
            at = lowered.find(each, at + len(each))
