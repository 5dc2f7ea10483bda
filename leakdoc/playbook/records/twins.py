"""Revisions by their shape: what is brought in looks like what ran before, whatever a house calls its versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from leakdoc.playbook.records.interpreting import Reading
from leakdoc.playbook.records.mentions import Mention
from leakdoc.playbook.records.placing import Placed

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


def without_parts(chosen: Sequence[Mention], course: Sequence[Placed]) -> list[Mention]:
    """Return the values without the revisions that are other ones cut short, or written with a file's name around them.

    Of `orders:88` the number alone tells nothing where a platform counts so; of `orders-1.2.3.jar` it tells all.
    """
    revisions = {each.value for each in chosen if each.type == "revision"}
    texts = "\n".join(f"{each.reading.line}\n{each.reading.event.text}" for each in course)
    dropped = set()
    for part in revisions:
        for whole in (each for each in revisions if each != part and _is_part(part, each)):
            dropped.add(whole if _ARTIFACT.search(whole) or not _is_a_name(whole, texts) else part)
    return [each for each in chosen if each.type != "revision" or each.value not in dropped]


def _is_part(part: str, whole: str) -> bool:
    return bool(re.search(rf"(?<![A-Za-z0-9]){re.escape(part)}(?![A-Za-z0-9])", whole))


def _is_a_name(revision: str, texts: str) -> bool:
    """Whether people call the revision so: anything but `name:number` where nobody names a task definition so."""
    return ":" not in revision or re.search(rf"task[- ]definition[/ =]+\S*{re.escape(revision)}", texts) is not None


_ARTIFACT: Final = re.compile(
    r"\.(?:jar|war|ear|rpm|deb|apk|tgz|tar\.gz|zip|gem|whl|nupkg|msi)$|[._](?:x86_64|amd64|arm64|noarch|all)$"
)


def _names(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(re.sub(r"\S*/|:(?=\S)", " ", text)):
        core = _CORE.search(match[0])
        name = core[0] if core else match[0]
        if len(name) > 2 and not name.isdigit():
            yield name


def _shape(name: str) -> str:
    return re.sub(r"\d+", "9", name)
