"""One runner of one run: it writes events and folds them, and runs steps in isolation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leakdoc.model.journal import Event, EventType
from leakdoc.model.step import Effect, StepResult
from leakdoc.playbook.context import RunFacts, StepContext
from leakdoc.playbook.engine.isolation import run_isolated
from leakdoc.playbook.engine.setting import Setting
from leakdoc.playbook.engine.state import State
from leakdoc.playbook.journal.writing import JournalFile
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.step import Act, Step


@dataclass(slots=True)
class Runner:
    """A run's state, its journal and its setting, and the few things that every rule does with them."""

    state: State
    file: JournalFile
    setting: Setting

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.file.path

    def tell(self, type_: EventType, step: str | None = None, **fields: Any) -> Event:
        """Write an event, and fold it: from here on it is so."""
        event = self.file.append(type_, self.state.run, step=step, **fields)
        self.state.feed(event)
        self.setting.saw(event)
        return event

    def step_of(self, uses: str) -> Step:
        """Return a registered step."""
        return self.setting.registry.get(uses)

    def effect_of(self, spec: StepSpec) -> Effect:
        """What a step of the playbook does: what it declares, or what the playbook tightens that to."""
        return spec.effect or self.step_of(spec.uses).effect

    def perform(
        self,
        step_id: str,
        uses: str,
        values: Mapping[str, Any],
        act: Act = Act.APPLY,
        *,
        timeout_s: float | None = None,
        applied: StepResult | None = None,
        back_to: Any = None,
        progress: Callable[[str], object] | None = None,
    ) -> StepResult:
        """Run one of a step's functions, in isolation."""
        facts = RunFacts(
            id=self.state.run,
            step=step_id,
            attempt=self.state.attempts.get(step_id, 0),
            playbook=self.state.playbook.metadata.name,
            journal=self.journal.absolute(),
        )
        told = progress or self.setting.progress
        ctx = StepContext(
            directory=self.setting.directory,
            now=self.setting.now,
            progress=lambda text: (told(text), None)[1],
            earlier=self.state.results,
            ask=self.setting.ask,
            run=facts,
            applied=applied,
            back_to=back_to,
        )
        return run_isolated(self.step_of(uses), values, ctx, timeout_s, act)
