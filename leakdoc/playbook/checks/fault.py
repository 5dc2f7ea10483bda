"""What a rule finds, and what it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leakdoc.errors import LeakdocError
from leakdoc.playbook.model import Playbook
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.registry import Registry
from leakdoc.playbook.step import Step
from leakdoc.playbook.yaml_reading import Place


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a place of the document."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A playbook and the steps that are there to run it."""

    playbook: Playbook
    registry: Registry

    def steps(self) -> Iterator[tuple[Place, StepSpec]]:
        """Yield every step with its place."""
        for index, spec in enumerate(self.playbook.steps):
            yield ("steps", index), spec

    def registered(self, name: str) -> Step | None:
        """Return a registered step; null where there is none that can be used."""
        try:
            return self.registry.get(name)
        except LeakdocError:
            return None

    def before(self, step_id: str) -> list[str]:
        """Return the ids of the steps ahead of one."""
        ids = [each.id for each in self.playbook.steps]
        return ids[: ids.index(step_id)]
