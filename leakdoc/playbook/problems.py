"""What is wrong with a playbook, or with what it was given: all of it at once, each with its line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from leakdoc.errors import PlaybookInvalid, UsageError
from leakdoc.redact import inert, without_secrets

_LONGEST: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Args:
        message: what, and what would be right.
        path: where in the document: ``steps.growth.with.trace``; empty for the whole.
        line: from 1; null where there is none to name.
    """

    message: str
    path: str = ""
    line: int | None = None

    @property
    def text(self) -> str:
        """The problem on one line."""
        place = "" if self.line is None else f"line {self.line}: "
        where = f"{self.path}: " if self.path else ""
        return without_secrets(inert(f"{place}{where}{self.message}", longest=_LONGEST))


def refuse_if_any(problems: Iterable[Problem], name: str) -> None:
    """Raise with every problem, in the order of lines.

    Raises:
        PlaybookInvalid: there is at least one.
    """
    found = in_order(problems)
    if found:
        raise PlaybookInvalid(f"{inert(name)} {_counted(found)}", problems=tuple(found), help=_listed(found))


def refuse_parameters(problems: Iterable[Problem], name: str) -> None:
    """Raise with everything that is wrong with what a run was given.

    Raises:
        UsageError: there is at least one problem.
    """
    found = in_order(problems)
    if found:
        raise UsageError(f"what {inert(name)} was given {_counted(found)}", help=_listed(found))


def _counted(found: Sequence[Problem]) -> str:
    return f"has {'1 problem' if len(found) == 1 else f'{len(found)} problems'}; nothing was run"


def _listed(found: Sequence[Problem]) -> str:
    return "\n".join(f"  {each.text}" for each in found)


def in_order(problems: Iterable[Problem]) -> Sequence[Problem]:
    """Return the problems in the order of their lines, each once."""
    return sorted(dict.fromkeys(problems), key=lambda each: (each.line or 0, each.path, each.message))
