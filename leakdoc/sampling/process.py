"""One process to sample, and the errors for one that cannot be."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from leakdoc.errors import AccessDenied, TargetGone
from leakdoc.model.subject import ProcessIdentity, Subject, SubjectKind
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.sampling.crew.belonging import Belonging

_OTHER_USER: Final = "Run leakdoc as the user of that process, or with sudo."


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The processes that are one subject.

    Args:
        belonging: tells who belongs to it.
        waits_empty_s: for how long nobody may be there before the subject has ended.
    """

    belonging: Belonging
    waits_empty_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to sample: one process, or several that it leads.

    Args:
        identity: of the process, or of the one that leads the others.
        name: inert, fit for a screen; holds nothing of the process's arguments but a script's name.
        crew: null for one process alone.
    """

    identity: ProcessIdentity
    name: str
    subject: Subject
    crew: Crew | None = None

    @property
    def pid(self) -> int:
        """Its pid, in our own pid namespace."""
        return self.identity.pid

    def called(self, name: str) -> Target:
        """Return the same process under another name."""
        return replace(self, name=name, subject=replace(self.subject, name=name))


def make_target(identity: ProcessIdentity, name: str) -> Target:
    """Put a target together from what is known of it."""
    subject = Subject(
        kind=SubjectKind.PROCESS,
        name=name,
        pid=identity.pid,
        started_at=identity.started_at,
        host=inert(socket.gethostname()),
    )
    return Target(identity=identity, name=name, subject=subject)


def gone(pid: int) -> TargetGone:
    """Return the error for a pid that nobody has."""
    return TargetGone(f"there is no process with pid {pid}", help="List what runs with: ps -ef")


def access_denied(pid: int) -> AccessDenied:
    """Return the error for a process that the system hides from us."""
    return AccessDenied(f"process {pid} belongs to another user and the system hides it", help=_OTHER_USER)
