"""Every step that is installed, found through the entry-point group ``leakdoc.steps``; anybody's stand beside ours."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from leakdoc.errors import LeakdocError, StepError, UsageError
from leakdoc.playbook.step import Step
from leakdoc.redact import inert, without_secrets

GROUP: Final = "leakdoc.steps"
PREFIX: Final = "leakdoc."
_OWNER: Final = "leakdoc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An entry point that yielded no step that can be used.

    Args:
        name: of the step where it is known, else of the entry point.
        origin: the distribution that declares it.
    """

    name: str
    origin: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The steps that can be used, by full name, and what was refused."""

    steps: Mapping[str, Step]
    refused: tuple[Refused, ...] = ()

    def get(self, name: str) -> Step:
        """Return a step by its name; the prefix ``leakdoc.`` may be left out.

        Raises:
            StepError: there is one of that name, but it was refused.
            UsageError: there is none.
        """
        found = self.steps.get(name) or self.steps.get(PREFIX + name)
        if found is not None:
            return found
        refused = next((each for each in self.refused if name in (each.name, each.name.removeprefix(PREFIX))), None)
        if refused is not None:
            raise StepError(f"step {inert(name)} of {refused.origin} cannot be used: {refused.reason}")
        raise UsageError(f"no such step: {inert(name)!r}", help=self._suggestion(name))

    def _suggestion(self, name: str) -> str:
        short = {each.removeprefix(PREFIX): each for each in self.steps}
        near = difflib.get_close_matches(name.removeprefix(PREFIX), short, n=1)
        return f"Did you mean {short[near[0]]}?" if near else "`leakdoc step list` shows those there are."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    step: Step
    origin: str


@cache
def installed() -> Registry:
    """Return the registry of what is installed; it is read once in the life of a process."""
    return registry_of(entry_points(group=GROUP))


def registry_of(points: Iterable[EntryPoint]) -> Registry:
    """Load entry points; one that cannot be loaded is refused, by name, and stands in nobody's way."""
    loaded: dict[str, list[_Loaded]] = {}
    refused: list[Refused] = []
    for point in sorted(points, key=lambda each: (each.name, each.value)):
        outcome = _load(point)
        if isinstance(outcome, Refused):
            refused.append(outcome)
        else:
            loaded.setdefault(outcome.step.name, []).append(outcome)
    refused += _duplicates(loaded)
    single = {name: same[0].step for name, same in sorted(loaded.items()) if len(same) == 1}
    return Registry(steps=single, refused=tuple(refused))


def _load(point: EntryPoint) -> _Loaded | Refused:
    origin = point.dist.name if point.dist is not None else "unknown"
    try:
        found: Any = point.load()
    except (Exception, SystemExit) as error:
        reason = error.message if isinstance(error, LeakdocError) else f"{type(error).__name__}: {error}"
        return Refused(name=point.name, origin=origin, reason=without_secrets(inert(reason, longest=500)))
    if not isinstance(found, Step):
        return Refused(name=point.name, origin=origin, reason=f"{point.value} is not made by @step")
    if found.name.startswith(PREFIX) and origin != _OWNER:
        reason = f"the prefix {PREFIX} belongs to the steps that come with leakdoc"
        return Refused(name=point.name, origin=origin, reason=f"{found.name}: {reason}")
    return _Loaded(step=found, origin=origin)


def _duplicates(loaded: Mapping[str, list[_Loaded]]) -> Iterator[Refused]:
    for name, same in sorted(loaded.items()):
        if len(same) > 1:
            origins = ", ".join(each.origin for each in same)
            yield Refused(name=name, origin=origins, reason="more than one step has this name")


class Steps:
    """The installed steps as attributes and items: ``leakdoc.steps.detect_growth(trace="before.leakdoc")``."""

    def __getattr__(self, name: str) -> Step:
        try:
            return installed().get(name)
        except UsageError as error:
            raise AttributeError(error.message) from None

    def __getitem__(self, name: str) -> Step:
        return installed().get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(installed().steps)

    def __dir__(self) -> list[str]:
        return [name.removeprefix(PREFIX) for name in self]


steps: Final = Steps()
