"""An incident as its journal tells it: what a summary and a postmortem are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leakdoc.model.decision import Outcome
from leakdoc.model.finding import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a timeline, seconds since the epoch."""

    at: float
    text: str
    actor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenStep:
    """A step that was taken: its last attempt.

    Args:
        uses: the registered step; empty where the journal does not say.
        began_at: seconds since the epoch; null where it was decided without being begun.
    """

    id: str
    uses: str
    outcome: Outcome | None
    reason: str
    began_at: float | None
    ended_at: float | None
    outputs: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What a journal tells.

    Args:
        playbook: its name; null for a journal that a person wrote.
        outcome: how the run ended; null as long as it has not.
        head: the hash of the journal's last line.
    """

    run: str
    playbook: str | None
    incident_class: str | None
    params: Mapping[str, Json]
    began_at: float
    ended_at: float | None
    outcome: Outcome | None
    reason: str
    steps: tuple[TakenStep, ...]
    timeline: tuple[Happening, ...]
    head: str

    @property
    def service(self) -> str:
        """What the incident was on."""
        known = (self.params.get(name) for name in ("service", "target"))
        return next((str(each) for each in known if each), self.playbook or "a service")

    def used(self, *names: str) -> tuple[TakenStep, ...]:
        """Return the steps that used one of these, by the last part of their names."""
        return tuple(each for each in self.steps if each.uses.rpartition(".")[2] in names)

    def output(self, name: str, *steps: str) -> Json:
        """Return the last output of this name that these steps handed on; null where none did."""
        found = [each.outputs[name] for each in self.used(*steps) if each.outputs.get(name) is not None]
        return found[-1] if found else None
