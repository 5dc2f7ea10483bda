"""A person's word: at the terminal or by a signature, bound to what was seen, used once, never the run's own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from leakdoc.cli.playbook_display import approval_lines
from leakdoc.errors import PlaybookError
from leakdoc.model.decision import Outcome
from leakdoc.playbook.engine.grants import NAMESPACE
from leakdoc.playbook.engine.run import Ran
from leakdoc.playbook.engine.signers import allowed_signers, why_writable
from tests.playbook_runs import events, forget_after, go_on, run, told

ROLE = "incident_commander"


def text(directory: Path, expires: str = "2h") -> str:
    return f"""
params: {{word: {{type: text, default: hello}}}}
steps:
  - {{id: build, uses: leakdoc.run_command, with: {{command: [cat, '{directory}/revision']}}}}
  - id: rollout
    uses: leakdoc.run_command
    with: {{command: [sh, -c, 'echo x >> {directory}/done'], probe: [test, -e, '{directory}/done']}}
    approval: {{role: {ROLE}, binds: [steps.build.outputs.output, steps.build.evidence], expires: {expires}}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "revision").write_text("v2")
    return tmp_path


def key(directory: Path, name: str) -> Path:
    if shutil.which("ssh-keygen") is None:
        pytest.fail("there is no ssh-keygen: apt-get install openssh-client")
    path = directory / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True, timeout=60)
    return path


def signers(directory: Path, private: Path, role: str = ROLE) -> Path:
    """A file that nobody may write, as an administrator puts it in place."""
    path = directory / "allowed_signers"
    path.write_text(f"{role} {private.with_suffix('.pub').read_text()}")
    path.chmod(0o444)
    return path


def signed(private: Path, digest: str, directory: Path, name: str = "grant.sig", namespace: str = NAMESPACE) -> Path:
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(private)]
    done = subprocess.run(command, input=digest.encode(), capture_output=True, check=True, timeout=60)
    path = directory / name
    path.write_bytes(done.stdout)
    return path


def waiting(ran: Ran) -> dict[str, Any]:
    assert (ran.stop.outcome, ran.stop.is_end) == (Outcome.WAITING, False)
    assert ran.stop.waiting is not None
    return dict(ran.stop.waiting)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file that the runner cannot write")


def test_without_a_terminal_and_a_grant_the_run_waits_and_neither_hangs_nor_approves_itself(place: Path) -> None:
    asked = waiting(run(text(place), place))
    assert asked["role"] == ROLE and asked["digest"] in asked["sign"] and "ssh-keygen -Y sign" in asked["sign"]
    assert waiting(go_on(place))["digest"] == asked["digest"]
    assert told(place).count("approval_requested rollout") == 1
    assert not (place / "done").exists()


def test_a_person_at_the_terminal_approves_what_they_see(place: Path) -> None:
    seen: list[Any] = []

    def approve(subject: Any, digest: str) -> bool:
        seen.append((subject, digest))
        return True

    assert run(text(place), place, approve=approve).stop.outcome is Outcome.PASSED
    (subject, digest), *more = seen
    assert not more
    assert subject["binds"]["steps.build.outputs.output"] == "v2"
    event = next(each for each in events(place) if each.type == "approval_granted")
    assert (event.actor, event.choice) == ("ana", digest)


def test_a_denial_ends_the_run(place: Path) -> None:
    ran = run(text(place), place, approve=lambda subject, digest: False)
    assert (ran.stop.outcome, ran.stop.is_end) == (Outcome.FAILED, True)
    assert "approval_denied rollout" in " ".join(told(place))
    assert not (place / "done").exists()


@needs_root
def test_a_signature_by_the_role_is_a_grant(place: Path) -> None:
    commander = key(place, "commander")
    digest = waiting(run(text(place), place))["digest"]
    grant = signed(commander, digest, place)
    assert go_on(place, grant=grant, signers=signers(place, commander)).stop.outcome is Outcome.PASSED
    event = next(each for each in events(place) if each.type == "approval_granted")
    assert event.actor is not None and event.actor.startswith(f"{ROLE} (ED25519 SHA256:")
    assert (place / "done").read_text() == "x\n"


@needs_root
@pytest.mark.parametrize("wrong", ["key", "role", "digest", "namespace", "rubbish", "missing", "writable"])
def test_a_grant_that_does_not_hold_is_refused(wrong: str, place: Path) -> None:
    commander, other = key(place, "commander"), key(place, "other")
    digest = waiting(run(text(place), place))["digest"]
    allowed = signers(place, commander, role="intern" if wrong == "role" else ROLE)
    grant = signed(
        other if wrong == "key" else commander,
        "0" * 64 if wrong == "digest" else digest,
        place,
        namespace="file" if wrong == "namespace" else NAMESPACE,
    )
    if wrong == "rubbish":
        grant.write_text("-----BEGIN SSH SIGNATURE-----\nxxxx\n-----END SSH SIGNATURE-----\n")
    if wrong == "missing":
        grant.unlink()
    if wrong == "writable":
        allowed.chmod(0o644)
    ran = go_on(place, grant=grant, signers=allowed)
    waiting(ran)
    assert ("grant" in ran.stop.reason) or (wrong == "writable" and "do not count" in ran.stop.reason)
    assert not (place / "done").exists()


@needs_root
def test_a_grant_for_another_run_is_refused(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    commander = key(place, "commander")
    grant = signed(commander, waiting(run(text(place), place))["digest"], place)
    elsewhere = tmp_path_factory.mktemp("other")
    (elsewhere / "revision").write_text("v2")
    run(text(elsewhere), elsewhere)
    ran = go_on(elsewhere, grant=grant, signers=signers(place, commander))
    assert "no signature of incident_commander" in ran.stop.reason
    waiting(ran)


@needs_root
def test_a_grant_is_used_once(place: Path) -> None:
    """The step is repeated: the second time needs a signature of its own."""
    commander = key(place, "commander")
    again = (
        text(place)
        + "  - {id: check, uses: leakdoc.run_command, with: {command: ['false']}, "
        + ("then: {failed: {repeat: {from: rollout, max: 1}}}}\n")
    )
    first = waiting(run(again, place))["digest"]
    grant, allowed = signed(commander, first, place), signers(place, commander)
    ran = go_on(place, grant=grant, signers=allowed)
    second = waiting(ran)["digest"]
    assert second != first and "was used already" in ran.stop.reason
    assert (place / "done").read_text() == "x\n"
    go_on(place, grant=signed(commander, second, place, "second.sig"), signers=allowed)
    assert (place / "done").read_text() == "x\nx\n"


def test_a_build_that_changed_after_the_approval_voids_it(place: Path) -> None:
    """The runner is killed between the approval and the rollout; before it is resumed the build is made anew."""
    run(text(place), place, approve=lambda subject, digest: True)
    granted = next(each.seq for each in events(place) if each.type == "approval_granted")
    forget_after(place, granted + 1)
    (place / "done").unlink()
    assert go_on(place).stop.outcome is Outcome.PASSED, "nothing has changed: the approval holds"
    forget_after(place, granted + 1)
    (place / "done").unlink()
    path = place / "run.journal.jsonl"
    from leakdoc.model.journal import EventType
    from leakdoc.playbook.journal.writing import JournalFile

    with JournalFile(path, lambda: 2e9) as journal:  # a second build, as a resumed run would have made it
        told_by = {"step": "build", "inputs": {"uses": "leakdoc.run_command"}, "reason": "built", "evidence": ()}
        journal.append(
            EventType.STEP_RESULT, journal.events[0].run, outcome=Outcome.PASSED, outputs={"output": "v3"}, **told_by
        )
    ran = go_on(place)
    assert told(place).count("approval_requested rollout") == 2
    waiting(ran)
    assert not (place / "done").exists()


def test_evidence_that_changed_on_disk_after_the_approval_voids_it(place: Path) -> None:
    """The proof's file is edited between the approval and the rollout."""
    from leakdoc.model.journal import EventType
    from leakdoc.playbook.journal.writing import JournalFile

    proof = place / "proof.json"
    proof.write_text("good")
    item = {"name": "proof", "path": str(proof), "sha256": hashlib.sha256(b"good").hexdigest()}
    run(text(place), place, approve=lambda subject, digest: None)
    forget_after(place, 2)
    with JournalFile(place / "run.journal.jsonl", lambda: 1.7e9) as journal:
        told_by = {"step": "build", "inputs": {"uses": "leakdoc.run_command"}, "reason": "built"}
        journal.append(
            EventType.STEP_RESULT, journal.events[0].run, outcome=Outcome.PASSED, outputs={"output": "v2"},
            evidence=(item,), **told_by,
        )  # fmt: skip
    go_on(place, approve=lambda subject, digest: None)
    digests = [dict(each.inputs or {})["digest"] for each in events(place) if each.type == "approval_requested"]
    proof.write_text("forged")
    go_on(place, approve=lambda subject, digest: None)
    after = [dict(each.inputs or {})["digest"] for each in events(place) if each.type == "approval_requested"]
    assert len(digests) == 1 and len(after) == 2 and after[0] != after[1]


def test_an_approval_expires(place: Path) -> None:
    clock = [1.7e9]
    run(text(place, expires="10m"), place, now=lambda: clock[0])
    clock[0] += 601
    waiting(go_on(place, now=lambda: clock[0]))
    assert told(place).count("approval_requested rollout") == 2


def test_signers_that_the_runner_could_write_do_not_count(tmp_path: Path) -> None:
    mine = tmp_path / "signers"
    mine.write_text("")
    mine.chmod(0o644)
    assert why_writable(mine, os.geteuid()) is not None
    with pytest.raises(PlaybookError, match="do not count"):
        allowed_signers(mine)
    with pytest.raises(PlaybookError, match="cannot read"):
        allowed_signers(tmp_path / "none")
    assert why_writable(tmp_path, os.geteuid()) == "it is no plain file"
    mine.chmod(0o444)
    assert (why_writable(mine, os.geteuid()) is None) == (os.geteuid() == 0)
    assert why_writable(mine, mine.stat().st_uid + 1 if os.geteuid() == 0 else os.geteuid()) in (
        None, "this user owns it", "this user may write it",
        "this user may replace it: the directory is writable",
    )  # fmt: skip


def test_a_person_sees_all_of_what_they_approve(tmp_path: Path) -> None:
    file = {"name": "build", "path": str(tmp_path / "build"), "sha256": "ab" * 32}
    subject = {
        "step": "deploy", "uses": "leakdoc.run_command", "role": "boss", "shell": True, "back_to": "v1",
        "with": {"command": "echo " + "x" * 2_000 + "; the end \x1b[2J"},
        "binds": {"steps.build.evidence": [{**file, "now": now} for now in (file["sha256"], "cd" * 32, None)]},
    }  # fmt: skip
    shown = list(approval_lines(subject, "d1ge57"))
    assert "the end" in shown[1] and "\x1b" not in "".join(shown)
    assert shown[2:4] == ["    shell: it is a script for /bin/sh", "    goes back to: v1"]
    assert [line.rpartition(", ")[2] for line in shown[4:7]] == ["as it was)", "CHANGED SINCE)", "gone by now)"]
