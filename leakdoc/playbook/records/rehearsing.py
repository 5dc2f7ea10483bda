"""A deployment that is done twice, first where nothing had been looked at: the first was the rehearsal, in staging.

People call staging what they like: a namespace, an inventory, a resource group, a stack. That it is tried there first,
and that the incident was somewhere else, does not depend on the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from leakdoc.playbook.records.interpreting import LOCAL, STAGING, Reading
from leakdoc.playbook.records.staging import SAYS_STAGING
from leakdoc.playbook.records.standing import UNKNOWN_TOOL

_BRINGS: Final = {"deploy", "restart"}
_BACK: Final = {"rollback"}
_WORD: Final = re.compile(r"[A-Za-z][\w.-]{2,}")
_NO_PLACE: Final = re.compile(
    r"(?i)canary|blue|green|prod|^(latest|true|false|wait|image|version|tag|limit|update|set|apply|atomic|timeout)|"
    r"v?\d+[.-]\d|^[0-9a-f]{7,40}$|^r(ev)?-?\d+$|\.(ya?ml|json|hcl|tf)$"
)


def rehearsal_places(read: Sequence[Reading]) -> frozenset[str]:
    """Return the names of places that only a rehearsal went to."""
    deploys = [i for i, each in enumerate(read) if each.event.is_call and each.kind in _BRINGS]
    seen, asked = _seen_before_changes(read), _asked(read)
    places: set[str] = set()
    for first in deploys:
        if read[first].place in (STAGING, LOCAL):
            continue
        for second in (later for later in deploys if later > first):
            if any(each.kind in _BACK or "still_bad" in (each.kind, *each.also) for each in read[first:second]):
                break
            places |= _apart(read[first], read[second], seen, asked)
    return frozenset(places)


def with_rehearsals(read: Sequence[Reading]) -> list[Reading]:
    """Return the readings; what was brought somewhere before anybody was asked, and again after, was tried first.

    It must name nothing of where the incident had been looked at, and no share of the traffic.
    """
    told = list(read)
    calls = [i for i, each in enumerate(told) if each.event.is_call]
    changed = next((i for kinds in (_CHANGES, _BROUGHT) for i in calls if told[i].kind in kinds), len(told))
    setback = max((i for i, each in enumerate(told) if _sets_back(each)), default=0)
    asked = next((i for i in range(max(changed, setback), len(told)) if _asks_or_lets(told[i])), None)
    if asked is None or not any(told[i].kind in _BROUGHT for i in calls if i > asked):
        return told
    looked_at = {place for i in calls if i < changed for place in _places(told[i])}
    for position in (i for i in calls if i > max(changed - 1, setback) and told[i].kind in _BROUGHT):
        each = told[position]
        here = _places(each)
        if (
            position > asked
            and each.place == STAGING
            and here & looked_at
            and not any(SAYS_STAGING.search(place) for place in here)
        ):
            told[position] = replace(each, place="")  # a folder on the way may be called so
        if position < asked and not each.place and here and not here & looked_at and not _SAYS_ALL.search(each.line):
            told[position] = replace(each, place=STAGING)
    return told


def _sets_back(reading: Reading) -> bool:
    return reading.kind in _BACK or "still_bad" in (reading.kind, *reading.also)


_SAYS_ALL: Final = re.compile(r"(?i)(?<![a-z])prod|canary|traffic|weight|percent")


def _asks_or_lets(reading: Reading) -> bool:
    return not reading.event.is_call and bool({"requested", "approved"} & {reading.kind, *reading.also})


def _places(reading: Reading) -> set[str]:
    """Return the hosts and what an option or the end of a command names as the place where it acts."""
    carried = {transport.to for simple in reading.simples for transport in simple.via if transport.to}
    return {
        each
        for each in carried | {match["v"] or match["w"] for match in _PLACED.finditer(reading.line)}
        if not each.startswith("$")
    }


_CHANGES: Final = {"fix", "tune", "breaker", "build"}
_BROUGHT: Final = {"deploy", "restart", "mitigate"}
_PLACED: Final = re.compile(
    r"(?:(?<!\S)(?:-n|-a|-H|--host|--namespace|--context|--cluster|--app|--region|--dc|--env|--stack|--target|--space|-e|-s|-l)"
    r"[ =]|\b(?:dc|env|region|cluster|target|stage|host|namespace|ns|space)=)['\"]?(?:ssh://|tcp://)?(?:\w+@)?(?P<v>[A-Za-z][\w.-]+)|"
    r"\bgit push\s+(?:-\S+\s+)*(?P<w>[A-Za-z][\w.-]+)"
)


def _apart(first: Reading, second: Reading, seen: set[str], asked: set[str]) -> set[str]:
    """Return what the first names and the second does not, where only the second went to what had been looked at."""
    if not {each.program for each in first.simples} & {each.program for each in second.simples}:
        return set()
    here, there = _words(first.line), _words(second.line)
    if _SHIFTS.search(f"{first.line} {second.line}") or len(here & there) < _ALIKE * len(here | there):
        return set()
    verbs = {word for each in first.simples for word in each.argv[: 1 if first.rule == UNKNOWN_TOOL else 2]}
    only_first = {word for word in here - there - verbs if not _NO_PLACE.search(word)}
    if only_first & seen or not only_first:
        return set()
    only_second = there - here
    known = not only_second or only_second & (seen | asked) or any(re.search(r"(?i)prod", word) for word in only_second)
    return only_first if known else set()


_SHIFTS: Final = re.compile(r"(?i)canary|traffic|weight|percent")  # a part of production, and then the rest
_ALIKE: Final = 0.4  # share of words that a rehearsal and what it rehearsed have in common at least


def _words(line: str) -> set[str]:
    line = _RANGE.sub(lambda match: " ".join(f"{match[1]}{n}" for n in _range(match)), line)
    return set(_WORD.findall(re.sub(r"[\w.-]+(?:/[\w.-]+)+:[\w.-]+", " ", line)))  # an image is no place


_RANGE: Final = re.compile(r"([\w.-]*)\{(\d{1,3})\.\.(\d{1,3})\}")  # edge0{1..6}


def _range(match: re.Match[str]) -> range:
    return range(int(match[2]), int(match[3]) + 1)


def _asked(read: Sequence[Reading]) -> set[str]:
    """Return the words of the request: production is named in it."""
    first = next((each.event.text for each in read if not each.event.is_call), "")
    return _words(first)


def _seen_before_changes(read: Sequence[Reading]) -> set[str]:
    seen: set[str] = set()
    for each in read:
        if each.kind in ("fix", "deploy"):
            break
        if each.event.is_call:
            seen |= _words(each.line)
    return seen
