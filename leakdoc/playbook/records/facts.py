"""What a text tells that another can come back to: names, figures, and whether an output shows anything at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 20_000  # characters of a text that are looked through
_TOKEN: Final = re.compile(r"[A-Za-z0-9_@~/][\w@.:/$~-]*\w")
_PARTS: Final = re.compile(r"[.:/@$~-]+")
_PLACE: Final = re.compile(r"(?::\d+)+$")  # the line of a file: `db.py:41`
_SHORTEST: Final = 3
_COMMON: Final = """
    the and for not one with are was has that this from into name true false null none all any can but its per
    status state running active total count type value data result metric http https succeeded success
    complete completed done finished
"""
_WORDS: Final = frozenset(_COMMON.split())


def names_in(text: str) -> set[str]:
    """Return what a text names, small, whole and in its parts: `redis.clients.Jedis` is also `jedis`."""
    found: set[str] = set()
    for match in _TOKEN.finditer(text[:_LONGEST]):
        token = _PLACE.sub("", match[0].lower()).strip(".:/-")
        found |= {token, token.rpartition("/")[2], *_PARTS.split(token)}
    return {each for each in found if len(each) >= _SHORTEST and each not in _WORDS}


def telling(name: str) -> bool:
    """Whether a name is nobody's word: wherever it comes back, it was taken from where it stood first."""
    return any(each.isdigit() for each in name) or "_" in name or "." in name or "/" in name or len(name) > 8


def files_in(names: Iterable[str]) -> set[str]:
    """Return the names that end as files of code or settings do."""
    return {each for each in names if re.search(r"[\w-]\.[a-z]{1,5}$", each) and not each[-1].isdigit()}


_FIGURE: Final = re.compile(r"(?<![\w.])(?P<n>\d[\d,]*(?:\.\d+)?)\s?(?P<unit>[kKMG万千亿]?)(?![\d.])")
_UNITS: Final = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "千": 1e3, "万": 1e4, "亿": 1e8}
_NEAR: Final = 0.06  # people round: 9,188 is told as 9k, 14.8 s as 15 s
_SMALL: Final = 30  # a whole number below it may stand anywhere


def figures_in(text: str) -> list[float]:
    """Return the figures of a text that are not too common to be come back to."""
    found = []
    for match in _FIGURE.finditer(text[:_LONGEST]):
        value = float(match["n"].replace(",", "")) * _UNITS.get(match["unit"], 1)
        if value >= _SMALL or "." in match["n"]:
            found.append(value)
    return found


def near(figure: float, others: Iterable[float]) -> bool:
    """Whether one of some figures is this one, as people round."""
    return any(other and abs(figure - other) <= _NEAR * abs(other) for other in others)


_NOTHING: Final = re.compile(
    r"(?is)\W*(0+(\.0+)?\s*%?|none|nil|null|\(?0 rows?\)?|empty set.*|no\b.{0,60}|n/a|\[\]|\{\}|keine?|ninguno?|"
    r"aucune?|无|なし)\W*"
)
_SAYS_NOTHING: Final = re.compile(r"(?i)\(0 rows\)|\b0 (errors?|drops?|matches|results?|locks?|rows)\b|\bgreen\b")
_SHORT: Final = 120  # characters of an output that has one thing to say
_COULD_NOT: Final = re.compile(
    r"(?i)\S+: (\(\d+\) )?(failed to connect|couldn't connect|command not found|not found|no such)"
)
_NUMBER: Final = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_FLAT: Final = 0.03  # of the largest: a series that stays within it shows no change
_SERIES: Final = 3
_MOSTLY: Final = 0.8  # share of the words of an output that are numbers, in a series


def shows_nothing(output: str) -> bool:
    """Whether an output is empty, a zero, or says in few words that nothing is there."""
    text = output.strip()
    if not text or _NOTHING.fullmatch(text):
        return True
    return len(text) < _SHORT and bool(_SAYS_NOTHING.search(text) or _COULD_NOT.match(text))


def is_flat(output: str) -> bool:
    """Whether an output is a series that neither rises nor falls."""
    figures = [float(each) for each in _NUMBER.findall(output[:_LONGEST])]
    if len(figures) < _SERIES or len(figures) < _MOSTLY * len(output.split()):
        return False
    rises, falls = sorted(figures) == figures, sorted(figures, reverse=True) == figures
    return not (rises or falls) and max(figures) - min(figures) <= _FLAT * max(figures)
