"""Revisions by their shape: what is brought in looks like what ran before, whatever a house calls its versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.mentions import Mention

_TOKEN: Final = re.compile(r"(?<![\w./-])(?=[\w.+:-]*\d)[A-Za-z\d][\w.+-]*\w(?![\w/])")
_CORE: Final = re.compile(
    r"(?<![\d.])v?\d+\.\d+\.\d+(?:[a-z]+\d*)?"
)  # of `api-3.4.1.jar`, what changes with each release
_SHOW: Final = {"revision", "rollback_plan"}


def twins_of(read: Iterable[Reading]) -> Iterator[Mention]:
    """Yield the revision that was brought in and the one that ran before: two names of one shape, not the same."""
    read = list(read)
    brought = [each for each in read if each.event.is_call and each.kind in ("build", "deploy")]
    new = dict.fromkeys(name for each in brought for name in _names(each.line))
    old = dict.fromkeys(
        name for each in read if each.kind in _SHOW for name in _names(each.event.output or each.event.text)
    )
    for name in new:
        twin = next((each for each in old if each not in new and _shape(each) == _shape(name)), None)
        if twin is not None:
            yield Mention("image_tag", "revision", name)
            yield Mention("stable_revision", "revision", twin)
            return


def _names(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(re.sub(r"\S*/|:(?=\S)", " ", text)):
        core = _CORE.search(match[0])
        name = core[0] if core else match[0]
        if len(name) > 2 and not name.isdigit():
            yield name


def _shape(name: str) -> str:
    return re.sub(r"\d+", "9", name)
