"""Thresholds out of a proof's document, as `verify` takes them.

A proof states every threshold that its leakdoc knew. One of another version may lack what has been added since: that is
taken as usual, and said. Of the version that rechecks it, it must state all: what is missing has been dropped.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar

from leakdoc._version import __version__
from leakdoc.detection.policies import Policies
from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.rebuild import unfit
from leakdoc.verification.recovery.policy import RecoveryPolicy

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

P = TypeVar("P", bound="DataclassInstance")
RECOVERY: Final = "recovery"  # the group of parameters that tells a proof of recovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What was applied; of a proof of recovery `recovery` alone.

    Args:
        unstated: those that the proof does not state, as its leakdoc did not know them.
    """

    policies: Policies
    verification: VerificationPolicy
    recovery: RecoveryPolicy | None
    unstated: tuple[str, ...]


def is_of_another_version(parameters: dict[str, Any]) -> bool:
    """Whether a proof was made by a leakdoc that may have known fewer checks and thresholds."""
    return parameters.get("leakdoc") != __version__


def thresholds_of(parameters: dict[str, Any]) -> Thresholds:
    """Rebuild the thresholds that were applied.

    Raises:
        DamagedSource: one is of another kind, or is missing though the proof's leakdoc knew it.
    """
    unstated: list[str] = []
    if RECOVERY in parameters:
        recovery = _policy(RecoveryPolicy, parameters, RECOVERY, unstated)
        found = Policies(), VerificationPolicy()
    else:
        recovery = None
        parts = {each.name: _policy(_type_of(each), parameters, each.name, unstated) for each in fields(Policies)}
        found = Policies(**parts), _policy(VerificationPolicy, parameters, "verification", unstated)
    if unstated and not is_of_another_version(parameters):
        raise unfit(f"the parameters of {unstated[0]} are missing")
    return Thresholds(policies=found[0], verification=found[1], recovery=recovery, unstated=tuple(unstated))


def _type_of(field: Any) -> type[Any]:
    return type(field.default_factory() if field.default is MISSING else field.default)


def _policy(kind: type[P], parameters: dict[str, Any], name: str, unstated: list[str]) -> P:
    stored = parameters.get(name, {})
    if not isinstance(stored, dict):
        raise unfit(f"the parameters of {name} are no thresholds")
    known = {each.name: stored[each.name] for each in fields(kind) if each.name in stored}
    for key, value in known.items():
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise unfit(f"the parameter {name}.{key} is no number")
    unstated += [name] if not known else [f"{name}.{each.name}" for each in fields(kind) if each.name not in known]
    try:
        return kind(**known)
    except (UsageError, TypeError) as error:
        raise unfit(f"the parameters of {name} are none that could be set ({inert(str(error))})") from error
