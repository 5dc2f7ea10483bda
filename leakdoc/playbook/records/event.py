"""One event of an incident record, the same whatever it was recorded by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

_ONE_TURN_S: Final = 5.0  # what is said so shortly before a call announces it; a finding is thought about for longer


class Sort(StrEnum):
    """What an event is."""

    STATEMENT = "statement"
    COMMAND = "command"
    EDIT = "edit"
    STEP = "step"  # of ours, out of a journal


class Actor(StrEnum):
    """Who it came from."""

    PERSON = "person"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent:
    """An event of a record.

    Args:
        id: as the record names it: `tool_use.id`, `uuid`, `event_id`, `step_id`, `seq` or a line number.
        sort: statement, command, edit, or a step of leakdoc.
        at: seconds since the epoch, or null when the record does not say.
        session: events of one file may belong to several.
        turn: events of one turn of the agent share it, where the record tells turns apart.
        text: what a statement says.
        command: a command line; of a tool that is no shell, its name and arguments.
        argv: the words of a call that is no command line.
        path: what an edit changes, with the text before and after it.
        output: what came back; cut in the middle when it is long.
        failed: whether it went wrong; null when the record does not say.
        said: what the agent said it was about to do.
        narrates: a statement that only says what the next call does.
        narrated: recovered from prose, not recorded as a call.
        step: the name of a step of leakdoc.
        values: a step's inputs and outputs.
    """

    id: str
    sort: Sort
    actor: Actor = Actor.AGENT
    at: float | None = None
    session: str = ""
    turn: str = ""
    text: str = ""
    command: str = ""
    argv: tuple[str, ...] = ()
    path: str = ""
    before: str = ""
    after: str = ""
    output: str = ""
    failed: bool | None = None
    said: str = ""
    narrates: bool = False
    narrated: bool = False
    step: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def texts(self) -> Iterator[str]:
        """Yield every text that came from outside."""
        yield from (self.text, self.command, *self.argv, self.path, self.before, self.after, self.output, self.said)
        yield from strings(self.values)

    @property
    def is_call(self) -> bool:
        """Whether something was done, not only said."""
        return self.sort is not Sort.STATEMENT


def strings(value: object) -> Iterator[str]:
    """Yield every string inside a value of JSON, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from strings(inner)


def with_narration(events: list[RecordEvent]) -> list[RecordEvent]:
    """Give each call what the agent said just before it in its session, and mark what only says that."""
    told: list[RecordEvent] = []
    last: dict[str, int] = {}  # by session: where its last event stands
    for event in events:
        before = last.get(event.session)
        if event.is_call and before is not None and _announces(told[before], event):
            told[before] = replace(told[before], narrates=_of_one_turn(told[before], event))
            event = replace(event, said=told[before].text)
        last[event.session] = len(told)
        told.append(event)
    return told


def _of_one_turn(statement: RecordEvent, call: RecordEvent) -> bool:
    if statement.turn and call.turn:
        return statement.turn == call.turn
    if statement.at is not None and call.at is not None:
        return call.at - statement.at <= _ONE_TURN_S
    return True


def _announces(statement: RecordEvent, call: RecordEvent) -> bool:
    return statement.sort is Sort.STATEMENT and statement.actor is Actor.AGENT and call.actor is Actor.AGENT
