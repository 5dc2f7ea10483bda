"""The small words of a playbook: names, durations, references, what follows an outcome."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome
from leakdoc.units import parse_duration

MOST_REPEATS: Final = 10
MOST_RETRIES: Final = 10
ANSWERS: Final = ("passed", "failed", "inconclusive", "error", "skipped")


class Part(BaseModel):
    """Anything in a playbook: frozen, and without fields that are not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class IncidentClass(StrEnum):
    """What a playbook is for."""

    MEMORY_LEAK = "memory_leak"
    CONNECTION_POOL_EXHAUSTION = "connection_pool_exhaustion"
    CASCADING_TIMEOUTS = "cascading_timeouts"


def _duration(text: object) -> object:
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError("takes a duration such as 90s, 15m or 2h")
    try:
        seconds = parse_duration(str(text))
    except UsageError as error:
        raise ValueError(str(error).replace("\n", ". ")) from None
    if seconds <= 0:
        raise ValueError("must be more than 0")
    return str(text)


def _known_outcome(word: object) -> object:
    if word not in ANSWERS:
        raise ValueError(f"is no outcome that can be answered; there are {', '.join(ANSWERS)}")
    return Outcome(str(word))


def _as_text(value: object) -> object:
    """A number that stands for an identifier (a journal's `seq`) is its text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]
Need = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*\.(passed|failed|inconclusive|error|skipped)$")]
DottedPath = Annotated[str, Field(pattern=r"^[A-Za-z_][\w-]*(\.[\w-]+)*$")]
DurationText = Annotated[str, BeforeValidator(_duration)]
Answered = Annotated[Outcome, BeforeValidator(_known_outcome)]
EventName = Annotated[str, BeforeValidator(_as_text)]


class Repeat(Part):
    """Go back, a bounded number of times."""

    from_: Name = Field(alias="from")
    max: Annotated[int, Field(ge=1, le=MOST_REPEATS)]


def _continue_as_a_field(given: object) -> object:
    return {"continue": True} if given == "continue" else given


class Action(Part):
    """What follows an outcome: one of four, and no other.

    Args:
        continue_: go on with the next step, as if nothing had happened.
        end: end the run here, with a word for why.
        repeat: go back.
        rollback: take back everything that was applied, from the last to this step.
    """

    continue_: bool = Field(default=False, alias="continue")
    end: Word | None = None
    repeat: Repeat | None = None
    rollback: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, given: Any) -> Any:
        return _continue_as_a_field(given)

    @model_validator(mode="after")
    def _is_exactly_one(self) -> Self:
        given = [self.continue_ or None, self.end, self.repeat, self.rollback]
        if sum(each is not None for each in given) != 1:
            raise ValueError("takes exactly one of: continue, {end: WORD}, {repeat: {from, max}}, {rollback: STEP}")
        return self


def _inconclusive_pauses(word: object) -> object:
    if word not in ("pause", "rollback"):
        raise ValueError("takes pause or rollback; what is not known is never promoted")
    return word


InconclusiveGuard = Annotated[str, AfterValidator(_inconclusive_pauses)]
