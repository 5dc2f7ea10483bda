"""Commands of one shape as one, with `<…>` where they differ; what differs in more than half of its words stays apart.

Anti-unification is the least general form that both are an instance of (Plotkin, 1970), here over words.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Final

HOLE: Final = "<…>"
Data = dict[str, Any]


def united_commands(commands: list[Data]) -> list[Data]:
    """Return commands without those that another one is a more general form of, in their order."""
    united: list[Data] = []
    for command in commands:
        place = next((i for i, each in enumerate(united) if _like(each, command)), None)
        if place is None:
            united.append(command)
        else:
            united[place] = {**united[place], "line": united_line(united[place]["line"], command["line"])}
    return [each for position, each in enumerate(united) if each not in united[:position]]


def _like(one: Data, other: Data) -> bool:
    """Whether two commands do the same in the same surroundings, and have a common form worth having."""
    if {**one, "line": ""} != {**other, "line": ""}:
        return False
    return united_line(one["line"], other["line"]) is not None


def united_line(one: str, other: str) -> str | None:
    """Return the common form of two lines, or null when they differ in their program, length, or in more than half."""
    if one == other:
        return one  # however little of it is no parameter
    here, there = one.split(" "), other.split(" ")
    if len(here) != len(there) or here[0] != there[0]:
        return None
    form = [a if a == b else HOLE for a, b in zip_longest(here, there)]
    variable = sum(word == HOLE or (word.startswith("<") and word.endswith(">")) for word in form)
    quoted = any(word == HOLE and ("'" in a or '"' in a) for word, a in zip(form, here, strict=True))
    return None if variable * 2 > len(form) or quoted else " ".join(form)
