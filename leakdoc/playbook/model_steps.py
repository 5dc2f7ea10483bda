"""One step of a playbook, as a person writes it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from leakdoc.model.step import Effect, Scope
from leakdoc.playbook.model_words import (
    MOST_RETRIES,
    Action,
    Answered,
    DottedPath,
    DurationText,
    InconclusiveGuard,
    Name,
    Need,
    Part,
    StepName,
    Word,
)

REVIEWED: Final = "sha256:"


class Approval(Part):
    """A person has to agree before the step runs.

    Args:
        role: who may: the principal that an allowed-signers file names.
        binds: what the approval rests on, beside the playbook and the step's bound values; a change voids it.
        expires: how long it holds.
    """

    role: Word
    binds: tuple[DottedPath, ...] = ()
    expires: DurationText = "2h"


class Guard(Part):
    """A reading step that watches what the step has just applied, and has it taken back when it gets worse.

    Args:
        inconclusive: what follows when it cannot tell: ``pause`` or ``rollback``; it never promotes.
    """

    uses: StepName
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    inconclusive: InconclusiveGuard = "pause"


def _verify_by_name(given: object) -> object:
    return {"uses": given} if isinstance(given, str) else given


class VerifyRollback(Part):
    """The reading step that says whether a rollback has worked; alone by its name, or with parameters.

    What is not given in `with` and the step takes by name comes from the step that is rolled back and from its guard.
    """

    uses: StepName
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")


class Rollback(Part):
    """How a step is taken back.

    Args:
        to: what the step's undo goes back to, such as a revision.
        verify: says whether that worked; without one the step's own probe is asked.
    """

    to: Any = None
    verify: Annotated[VerifyRollback, BeforeValidator(_verify_by_name)] | None = None


def _mark(given: object) -> object:
    digits = given.removeprefix(REVIEWED) if isinstance(given, str) else ""
    if isinstance(given, bool) or (len(digits) == 64 and set(digits) <= set("0123456789abcdef")):
        return given
    raise ValueError("takes true, or the sha256:… of what a person has read")


class StepSpec(Part):
    """One step of the list.

    Args:
        uses: the registered step.
        with_: its parameters; text of the form ``${{ dotted.path }}`` stands for a value.
        expect: outputs that must be as said for the outcome `passed`; a list means one of these.
        needs: outcomes that earlier steps must have had; else the step is skipped.
        then: what follows an outcome. What is not named: passed and skipped go on, inconclusive goes on but pauses
            every write, failed and error end the run.
        retries: how often an `error` is tried again.
        timeout: instead of the step's own.
        always: runs at the end, whatever happened.
        shell: a command is given to a shell; values then reach it as environment variables only.
        review: a person has to read this step first; `true` until somebody has.
        effect: what the step does; may only be stricter than what it declares.
        scope: where that is felt; may only be wider than what it declares.
    """

    id: Name
    uses: StepName
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    expect: dict[str, Any] = Field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    then: dict[Answered, Action] = Field(default_factory=dict)
    retries: Annotated[int, Field(ge=0, le=MOST_RETRIES)] = 0
    timeout: DurationText | None = None
    always: bool = False
    approval: Approval | None = None
    guard: Guard | None = None
    rollback: Rollback | None = None
    shell: bool = False
    review: Annotated[bool | str, BeforeValidator(_mark)] = False
    effect: Effect | None = None
    scope: Scope | None = None
