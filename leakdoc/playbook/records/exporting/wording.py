"""A playbook's parts as sentences, the same in every export."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from leakdoc.playbook.model import Playbook
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.records.exporting.asking import asked_for
from leakdoc.playbook.records.step_kinds import STEP_KINDS
from leakdoc.redact import inert, without_secrets
from leakdoc.redact.inert import inert_lines

_BY_USES: Final = {kind.uses: kind for kind in STEP_KINDS}
_IN_WORDS: Final = {"memory_leak": "a memory leak"}
LEFT_OUT: Final = "What the records say is left out until a person has read it: --confirmed carries it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is exported.

    Args:
        confirmed: a person has read the advice and the commands that came out of records.
    """

    playbook: Playbook
    confirmed: bool = False

    @property
    def description(self) -> str:
        """What the playbook does and when to use it."""
        return self.playbook.metadata.description or f"How to handle {self.subject}, to a proof that it is gone"

    @property
    def subject(self) -> str:
        """The class of incident in words."""
        name = self.playbook.metadata.incident_class or self.playbook.metadata.name
        return _IN_WORDS.get(name) or name.replace("_", " ").replace("-", " ")

    def procedure(self) -> Iterator[str]:
        """Yield one imperative for each step, and indented below it how it was done."""
        for spec in self.playbook.steps:
            yield plain(f"{_imperative(spec)} (step `{spec.id}`, {spec.uses}){_conditions(spec)}")
            if self.confirmed:
                for command in self._commands(spec.id):
                    yield from (f"    {line}" for line in _seen(command))

    def _commands(self, step_id: str) -> Iterator[str]:
        provenance = self.playbook.provenance.steps.get(step_id)
        for command in provenance.commands if provenance else ():
            yield without_secrets(command.line)

    def specifications(self) -> Iterator[str]:
        """Yield what is true when each step has passed."""
        yield from (_BY_USES[spec.uses].holds for spec in self.playbook.steps if spec.uses in _BY_USES)

    def advice(self) -> Iterator[str]:
        """Yield the advice; what came out of records only once a person has confirmed it."""
        foreign = bool(self.playbook.provenance.records) and not self.confirmed
        if foreign and self.playbook.advice:
            yield f"{LEFT_OUT} ({len(self.playbook.advice)} lines)"
        elif self.playbook.advice:
            yield from (plain(line) for line in self.playbook.advice)
        yield "An inconclusive step pauses every write after it; say what is not known"

    def forbidden(self) -> Iterator[str]:
        """Yield what must not be done."""
        yield from (plain(line[:1].upper() + line[1:]) for line in self.playbook.forbidden)
        yield "Change production without the approval that the step asks for"

    def required(self) -> Iterator[str]:
        """Yield what the user has to give, what may be given, and what has a default, as Markdown."""
        for title, lines in asked_for(self.playbook):
            yield from ("", f"### {title}", "") if title else ()
            yield from (f"- {plain(line)}" for line in lines)


def _imperative(spec: StepSpec) -> str:
    kind = _BY_USES.get(spec.uses)
    if kind is not None:
        return kind.imperative
    return f"Do {spec.id.replace('_', ' ')}" + (", after a person has read it" if spec.review else "")


def _conditions(spec: StepSpec) -> str:
    parts = [f"only after {' and '.join(need.replace('.', ' has ') for need in spec.needs)}"] if spec.needs else []
    parts += ["with an approval"] if spec.approval else []
    parts += ["watched, and rolled back when it gets worse"] if spec.guard else []
    parts += ["whatever happened"] if spec.always else []
    return f": {', '.join(parts)}" if parts else ""


def plain(text: str) -> str:
    """Return a line for Markdown: inert, without secrets, and nothing in it that begins a heading, a tag or a link."""
    line = without_secrets(inert(text, longest=600))
    return line.replace("<", "&lt;").replace("](", "]\\(")


def _seen(command: str) -> Iterator[str]:
    """Yield a command as it was, without what a reader's screen would act on; one of many lines in a fence."""
    shown = inert_lines(command)
    longest = max(map(len, re.findall("`+", shown)), default=0)
    if "\n" in shown or "\t" in shown:
        fence = "`" * max(3, longest + 1)
        yield from ("- seen:", "", f"  {fence}sh")
        yield from (f"  {line}" if line else "" for line in shown.split("\n"))
        yield from (f"  {fence}", "")
        return
    ticks = "`" * (longest + 1)
    padded = f" {shown} " if longest else shown
    yield f"- seen: {ticks}{padded}{ticks}"
