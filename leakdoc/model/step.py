"""What a step returns, and what it may do to the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from leakdoc.model.decision import Outcome
from leakdoc.model.finding import Json


class Effect(StrEnum):
    """What a step or a command does: observe, touch the target, post, or change something."""

    READ = "read"
    CAPTURE = "capture"
    NOTIFY = "notify"
    WRITE = "write"


class Scope(StrEnum):
    """Where a step's effect is felt."""

    NONE = "none"
    STAGING = "staging"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A file that a step's outcome rests on, with its SHA-256 in hexadecimal."""

    name: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceValue:
    """A value that a step's outcome rests on."""

    name: str
    value: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How a step ended, why, and what it hands on. The step's name is filled in by whoever calls it."""

    step: str = ""
    outcome: Outcome
    reason: str
    outputs: Mapping[str, Json] = field(default_factory=dict)
    evidence: tuple[EvidenceFile | EvidenceValue, ...] = ()
