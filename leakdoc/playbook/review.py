"""Steps that a person has to read first: the mark, and the digest that binds what was read."""

from __future__ import annotations

import hashlib
from typing import Any

from leakdoc.playbook.model_steps import REVIEWED, StepSpec


def review_digest(spec: StepSpec) -> str:
    """Return what a reviewed step's mark binds: ``sha256:…`` over what it runs, and with which parameters."""
    import rfc8785

    told: dict[str, Any] = {"uses": spec.uses, "with": spec.with_, "shell": spec.shell}
    return REVIEWED + hashlib.sha256(rfc8785.dumps(told)).hexdigest()


def is_to_be_reviewed(spec: StepSpec) -> bool:
    """Say whether a step may not run yet: its mark stands, or what it runs has changed since it was read."""
    if isinstance(spec.review, bool):
        return spec.review
    return spec.review != review_digest(spec)
