"""The front door for whoever writes steps: the decorator, what a step is given, and the types of its parameters."""

from leakdoc.playbook.context import StepContext
from leakdoc.playbook.earlier import Earlier
from leakdoc.playbook.evidence import evidence_file
from leakdoc.playbook.parameters import Duration, Param, PositiveDuration, Rate, Size
from leakdoc.playbook.step import Step, outcome_of, step

__all__ = [
    "Duration",
    "Earlier",
    "Param",
    "PositiveDuration",
    "Rate",
    "Size",
    "Step",
    "StepContext",
    "evidence_file",
    "outcome_of",
    "step",
]
