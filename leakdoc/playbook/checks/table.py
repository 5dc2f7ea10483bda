"""The rules, in the order in which a person would ask them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from leakdoc.playbook.checks.fault import Checked, Fault
from leakdoc.playbook.checks.flow import ids_are_unique, needs_are_of_earlier_steps, what_follows_is_there
from leakdoc.playbook.checks.params import params_fit_their_types
from leakdoc.playbook.checks.references import references_lead_somewhere
from leakdoc.playbook.checks.safety import effects_are_only_tightened, guards_and_rollbacks_fit, no_secret_is_written
from leakdoc.playbook.checks.uses import expectations_are_outputs, parameters_fit, steps_are_installed
from leakdoc.playbook.model import Playbook
from leakdoc.playbook.problems import Problem
from leakdoc.playbook.registry import Registry
from leakdoc.playbook.yaml_reading import Read

RULES: Final[tuple[Callable[[Checked], Iterator[Fault]], ...]] = (
    params_fit_their_types,
    ids_are_unique,
    steps_are_installed,
    parameters_fit,
    expectations_are_outputs,
    references_lead_somewhere,
    needs_are_of_earlier_steps,
    what_follows_is_there,
    guards_and_rollbacks_fit,
    effects_are_only_tightened,
    no_secret_is_written,
)


def check(playbook: Playbook, registry: Registry, read: Read) -> list[Problem]:
    """Return what the rules find, each with its line."""
    checked = Checked(playbook, registry)
    return [
        Problem(message=fault.message, path=read.path_of(fault.place), line=read.line_of(fault.place))
        for rule in RULES
        for fault in rule(checked)
    ]
