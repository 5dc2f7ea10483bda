"""Recompute a proof from the evidence inside it, and say whether it holds."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from leakdoc._version import __version__
from leakdoc.detection.policies import Policies
from leakdoc.errors import DamagedSource, UsageError
from leakdoc.model.decision import ProofDecision
from leakdoc.model.documents import Document
from leakdoc.model.proof import Proof
from leakdoc.model.proof_document import digests_of, hash_of, proof_document
from leakdoc.redact import inert
from leakdoc.verification.differences import differences
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.read import read_proof
from leakdoc.verification.rebuild import traces_of
from leakdoc.verification.recovery.policy import RecoveryPolicy
from leakdoc.verification.recovery.verify import verify_recovered
from leakdoc.verification.rule_set import rule_set
from leakdoc.verification.signature import ORIGIN, Signed, signed_by
from leakdoc.verification.thresholds import RECOVERY, Thresholds, is_of_another_version, thresholds_of
from leakdoc.verification.verify import parameters_of, verify

_MOST: Final = 20
_OTHER_RULES: Final = (
    "it was judged by other rules than those here, though of the same version: where it differs, that may be why, and "
    "the leakdoc that made it can tell"
)
_NOT_COMPARED: Final = ("samples", "parameters", "digests", "sha256", "signature")  # what it starts from, and the seals


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recheck:
    """What came of recomputing a proof.

    Args:
        decision: as recomputed; null where that was not possible.
        matches: whether the file says what its samples say.
        differences: where it does not, the most telling first.
        notes: thresholds that were not the defaults, and another version of leakdoc: not wrong, but worth knowing.
        origin: whose samples they are, or that nobody has shown it.
        proof: as recomputed; null where that was not possible.
    """

    decision: ProofDecision | None
    matches: bool
    differences: tuple[str, ...]
    notes: tuple[str, ...] = ()
    origin: str = ORIGIN
    proof: Proof | None = None


def recheck(path: str | os.PathLike[str], *, allowed_signers: str | os.PathLike[str] | None = None) -> Recheck:
    """Recompute a proof with the samples and the parameters inside it.

    Args:
        allowed_signers: who may have signed it, as ``ssh-keygen`` reads such a file; null asks for no signature.

    Returns:
        Whether hash, decision, and every check's outcome, reason and numbers (to 1e-9) are what they should be.

    Raises:
        UnreadableSource: there is no such file.
        DamagedSource: the file is no proof at all.
        UsageError: the file of allowed signers cannot be read.
        MissingDependency: a signature is asked for, and ssh-keygen is not there.
    """
    document = read_proof(path)
    signed = Signed(origin=ORIGIN) if allowed_signers is None else signed_by(document, allowed_signers)
    broken = (*_broken_seal(document), *signed.problems)
    try:
        applied = thresholds_of(document["parameters"])
        proof = _again(document, applied)
    except DamagedSource as error:
        return Recheck(decision=None, matches=False, differences=(*broken, error.message), origin=signed.origin)
    found = (*broken, *_compare(document, proof, applied))
    return Recheck(
        decision=proof.decision,
        matches=not found,
        differences=found[:_MOST],
        notes=(*_notes(document, proof, applied), *_unasked(document, allowed_signers)),
        origin=signed.origin,
        proof=proof,
    )


def _again(document: Document, applied: Thresholds) -> Proof:
    before, after = traces_of(document)
    try:
        if applied.recovery is not None:
            metrics = document["parameters"].get("metrics")
            return verify_recovered(before, after, metrics=metrics, recovery=applied.recovery)
        return verify(before, after, policies=applied.policies, verification=applied.verification)
    except UsageError as error:
        raise DamagedSource(f"the proof is damaged: {error.message}") from error
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # thresholds that no policy could have
        told = f"its samples cannot be judged by its parameters ({inert(str(error))})"
        raise DamagedSource(f"the proof is damaged: {told}") from error


def _broken_seal(document: Document) -> list[str]:
    try:
        sealed = hash_of(document)
        if sealed == document["sha256"]:
            return []
        return ["sha256: the file was changed after it was sealed", *_edited_parts(document)]
    except (ValueError, TypeError, RecursionError) as error:
        return [f"sha256: the document has no canonical form ({inert(str(error))})"]


def _edited_parts(document: Document) -> list[str]:
    """Name the parts that are not what they were when the file was sealed, as their own digests tell."""
    sealed = document.get("digests")
    if not isinstance(sealed, dict):
        return []
    found = dict(digests_of(document))
    changed = [path for path in sorted({*sealed, *found}) if sealed.get(path) != found.get(path)]
    return [f"{inert(path)}: was changed after it was sealed" for path in changed]


def _compare(document: Document, proof: Proof, applied: Thresholds) -> list[str]:
    said = {key: value for key, value in document.items() if key not in _NOT_COMPARED}
    again = proof_document(proof)
    found = {key: value for key, value in again.items() if key not in _NOT_COMPARED}
    added = _checks_added(document, proof)
    found["checks"] = [each for each in again["checks"] if each["name"] not in added]
    first = ("schema", "decision", "reason", "needs_more_s", "checks")
    ordered = [*first, *sorted({*said, *found} - {*first})]
    parts = [
        difference
        for key in ordered
        for difference in differences(
            {key: said[key]} if key in said else {}, {key: found[key]} if key in found else {}
        )
    ]
    names = differences(sorted(document["samples"]), ["after", "before"], path="samples")
    return [*parts, *names, *_parameters(document["parameters"], again["parameters"], applied)]


def _checks_added(document: Document, proof: Proof) -> list[str]:
    """The checks that the leakdoc of a proof did not know yet: they count, but cannot be told by it."""
    if not is_of_another_version(document["parameters"]):
        return []
    told = [each.get("name") for each in document["checks"] if isinstance(each, dict)]
    return [each.name for each in proof.checks if each.name not in told]


def _parameters(said: dict[str, Any], known: dict[str, Any], applied: Thresholds) -> list[str]:
    stated = {name: _stated(name, value, applied) for name, value in known.items() if name not in applied.unstated}
    comparable = {"leakdoc": None, "rules": None}
    return [*differences(said | comparable, stated | comparable, path="parameters")]


def _stated(name: str, value: Any, applied: Thresholds) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: each for key, each in value.items() if f"{name}.{key}" not in applied.unstated}


def _notes(document: Document, proof: Proof, applied: Thresholds) -> list[str]:
    parameters = document["parameters"]
    usual = {**parameters_of(Policies(), VerificationPolicy()), RECOVERY: asdict(RecoveryPolicy())}
    groups = (RECOVERY,) if RECOVERY in parameters else ("verification", *(each.name for each in fields(Policies)))
    notes = []
    if parameters.get("leakdoc") != __version__:
        notes.append(f"it was made by leakdoc {inert(str(parameters.get('leakdoc')))}, and rechecked by {__version__}")
    elif parameters.get("rules") != rule_set():
        notes.append(_OTHER_RULES)
    notes += [f"{each} is not stated, and taken as usual: its leakdoc did not know it" for each in applied.unstated]
    added = _checks_added(document, proof)
    notes += [f"{each.name} was not asked then; now: {each.outcome}" for each in proof.checks if each.name in added]
    for name in groups:
        told, default = parameters.get(name, {}), usual[name]
        assert isinstance(default, dict)
        notes += [
            f"{name}.{key} is {inert(str(told[key]))} where {value} is usual"
            for key, value in default.items()
            if key in told and told[key] != value and key != "incident_at"
        ]
    return notes


def _unasked(document: Document, allowed_signers: object) -> list[str]:
    if "signature" not in document or allowed_signers is not None:
        return []
    return ["it carries a signature, which was not looked at: --require-signature ALLOWED_SIGNERS says whose it is"]


def recheck_document(result: Recheck) -> Document:
    """Lay a recheck out as ``leakdoc.recheck/1``."""
    return {
        "schema": "leakdoc.recheck/1",
        "decision": None if result.decision is None else str(result.decision),
        "reason": None if result.proof is None else result.proof.reason,
        "matches": result.matches,
        "differences": list(result.differences),
        "notes": list(result.notes),
        "origin": result.origin,
    }
