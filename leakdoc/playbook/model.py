"""A playbook: the model of the file that people write, and nothing that runs."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from leakdoc.model.step import Effect, Scope
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.playbook.model_words import EventName, IncidentClass, Name, Part
from leakdoc.playbook.param_types import TYPES

API_VERSION: Final = "leakdoc/v1"
KIND: Final = "Playbook"


class Metadata(Part):
    """What a playbook is called and what it is for.

    Args:
        name: lower case with hyphens.
        version: of the playbook, such as 1.0.0.
        incident_class: the kind of incident; null for one of a company's own.
        description: one sentence: what it does and when to use it.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    incident_class: IncidentClass | None = None
    description: Annotated[str, Field(max_length=1024)] | None = None


def _known_type(word: object) -> object:
    if word not in TYPES:
        raise ValueError(f"is no type of parameter; there are {', '.join(TYPES)}")
    return word


class ParamSpec(Part):
    """A parameter that whoever starts the playbook gives.

    Args:
        type: one of `leakdoc.playbook.param_types.TYPES`.
        default: what holds when it is not given; never expanded, whatever it looks like.
        choices: the values it may have.
    """

    type: Annotated[str, BeforeValidator(_known_type)]
    required: bool = False
    default: Any = None
    choices: tuple[Any, ...] | None = None
    help: Annotated[str, Field(max_length=500)] = ""


class CommandSeen(Part):
    """How a step was done in an incident, without what belonged to it: `<service>` stands for the parameter.

    Args:
        line: the command, byte for byte but for the names in angle brackets; nobody runs it.
        platform: where: `kubernetes`, `systemd`, `docker` and their like.
        driver: what was found to leak there, such as `psycopg`; empty when the record does not say.
        effect: what it does.
        scope: where that is felt.
    """

    line: str
    platform: str = ""
    driver: str = ""
    effect: Effect = Effect.READ
    scope: Scope = Scope.NONE


class ParamProvenance(Part):
    """Where a parameter's value came from in the incidents; the values themselves are not kept.

    Args:
        origin: `prompt`, `output` or `literal`.
        events: those that it came out of, by the record's name.
    """

    origin: Literal["prompt", "output", "literal"]
    events: dict[str, tuple[EventName, ...]] = Field(default_factory=dict)


class StepProvenance(Part):
    """Where one step came from.

    Args:
        support: in how many of the records it was, ``2/3``.
        events: the events of each record, by the record's name.
        notes: what was decided while merging, such as thresholds that differed.
        commands: how it was done there, the variants side by side.
    """

    support: Annotated[str, Field(pattern=r"^\d+/\d+$")]
    events: dict[str, tuple[EventName, ...]] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    commands: tuple[CommandSeen, ...] = ()


class Provenance(Part):
    """The incident records that a playbook grew out of."""

    records: tuple[str, ...] = ()
    steps: dict[str, StepProvenance] = Field(default_factory=dict)
    params: dict[Name, ParamProvenance] = Field(default_factory=dict)


class Playbook(Part):
    """A list of steps, run in order."""

    api_version: Literal["leakdoc/v1"] = Field(alias="apiVersion")
    kind: Literal["Playbook"]
    metadata: Metadata
    params: dict[Name, ParamSpec] = Field(default_factory=dict)
    steps: Annotated[tuple[StepSpec, ...], Field(min_length=1, max_length=200)]
    provenance: Provenance = Provenance()
    advice: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()

    def step(self, step_id: str) -> StepSpec:
        """Return a step by its id.

        Raises:
            KeyError: there is none.
        """
        return next((each for each in self.steps if each.id == step_id), None) or _missing(step_id)


def _missing(step_id: str) -> StepSpec:
    raise KeyError(step_id)
