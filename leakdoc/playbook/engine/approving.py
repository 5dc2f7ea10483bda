"""A person's word before a step: bound to a digest, given at the terminal or by a signature, or waited for."""

from __future__ import annotations

from typing import Any

from leakdoc.errors import LeakdocError
from leakdoc.model.journal import EventType
from leakdoc.playbook.engine.digest import approval_subject, digest_of
from leakdoc.playbook.engine.grants import check_grant, sign_command
from leakdoc.playbook.engine.pausing import wait
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Stop
from leakdoc.playbook.engine.signers import allowed_signers
from leakdoc.playbook.engine.state import Approval
from leakdoc.playbook.model_steps import StepSpec
from leakdoc.units import format_time, parse_duration


def approve(runner: Runner, spec: StepSpec) -> Stop | None:
    """Return null where a step needs no approval or has one that holds; ask for it, or wait."""
    if spec.approval is None:
        return None
    approval, subject = _request(runner, spec)
    if approval.granted:
        return None
    refused = _by_grant(runner, spec, approval.digest)
    if refused is None:
        return None
    answer = runner.setting.approve(subject, approval.digest)
    if answer is not None:
        type_ = EventType.APPROVAL_GRANTED if answer else EventType.APPROVAL_DENIED
        runner.tell(type_, spec.id, actor=runner.setting.actor, choice=approval.digest, reason="at the terminal")
        return None
    told = f"; {refused}" if refused else ""
    waiting = {
        "step": spec.id,
        "role": spec.approval.role,
        "digest": approval.digest,
        "expires_at": format_time(approval.requested_at + parse_duration(spec.approval.expires)),
        "sign": sign_command(approval.digest),
    }
    reason = f"{spec.id} waits for an approval by {spec.approval.role} of {approval.digest}{told}"
    return wait(runner, spec.id, reason, waiting)


def _request(runner: Runner, spec: StepSpec) -> tuple[Approval, dict[str, Any]]:
    """Return the approval that is asked for; a new one where there is none, or where that one is void by now."""
    assert spec.approval is not None
    state, before = runner.state, runner.state.approvals.get(spec.id)
    if before is not None:
        subject = approval_subject(state, runner.journal, spec, request=before.requests)
        age_s = runner.setting.now() - before.requested_at
        if digest_of(subject) == before.digest and age_s <= parse_duration(spec.approval.expires):
            return before, subject
    request = 1 if before is None else before.requests + 1
    subject = approval_subject(state, runner.journal, spec, request=request)
    runner.tell(
        EventType.APPROVAL_REQUESTED,
        spec.id,
        inputs={"digest": digest_of(subject), "role": spec.approval.role, "subject": subject},
        reason=None if before is None else "what was approved or asked for before has changed, or has expired",
    )
    return state.approvals[spec.id], subject


def _by_grant(runner: Runner, spec: StepSpec, digest: str) -> str | None:
    """Take a signature, where there is one. Returns null where it holds, else why not; empty where none was given."""
    setting = runner.setting
    if setting.grant is None or spec.approval is None:
        return ""
    try:
        grant = check_grant(
            setting.grant,
            digest=digest,
            role=spec.approval.role,
            signers=allowed_signers(setting.signers),
            used=runner.state.used_grants,
        )
    except LeakdocError as error:
        return error.message
    evidence = ({"name": "grant", "path": str(setting.grant), "sha256": grant.sha256},)
    runner.tell(EventType.APPROVAL_GRANTED, spec.id, actor=grant.signer, choice=digest, evidence=evidence)
    return None
