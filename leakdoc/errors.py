"""Every error that leakdoc raises on purpose, with what to do next and the exit code.

::

    LeakdocError                      exit 4   could not be done
    ├── UsageError                    exit 2   the command line, or an argument, is wrong
    ├── TargetError                   exit 4
    │   ├── TargetGone                         no such process, or it has ended
    │   ├── AccessDenied                       the process belongs to somebody else
    │   ├── AttachRefused                      getting inside it is not possible, or not safe
    │   │   ├── NotPython                      there is no Python in it that can be used
    │   │   └── AttachBusy                     somebody is inside it already
    │   └── AgentError                         the agent inside it does not answer, or refuses
    │       └── NoAgent                        there is none
    ├── SourceError                   exit 4   a file or a server that samples come from
    │   ├── UnreadableSource                   missing, not permitted, of an unknown format
    │   └── DamagedSource                      of a known format, but broken or forged
    ├── RecordingError                exit 4   a recording could not be written
    │   ├── RecordingBusy                      another writer holds it
    │   └── RecordingFull                      the disk, or the size allowed, is used up
    ├── SignatureError                exit 4   a proof could not be signed
    ├── StepError                     exit 4   a step could not be called
    ├── PlaybookError                 exit 4   a playbook could not be run
    │   ├── PlaybookInvalid                    it breaks its contract; every problem is named
    │   ├── JournalError                       the journal cannot be written, is damaged, or was edited
    │   └── RunBusy                            another runner is at work on this run
    └── MissingDependency             exit 4   an optional library is not installed

"Too little data" is a decision (`inconclusive`), never an error.
"""

from __future__ import annotations

import re
from typing import Any, Final

_NUMBER: Final = re.compile(r"\[(?:Errno|WinError) -?\d+\] ")


class LeakdocError(Exception):
    """Something could not be done.

    Args:
        message: one sentence saying what went wrong, without a trailing full stop; the number that Python puts ahead
            of what a system says, such as ``[Errno 111]``, is left out.
        help: what the user can do next; shown on a line of its own.
    """

    exit_code = 4

    def __init__(self, message: str, *, help: str | None = None) -> None:
        message = _NUMBER.sub("", message)
        super().__init__(message)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return self.message if self.help is None else f"{self.message}\n{self.help}"


class UsageError(LeakdocError):
    """The command line, or an argument of a public function, is wrong."""

    exit_code = 2


class TargetError(LeakdocError):
    """The process to look at is not there, or not ours to look at."""


class TargetGone(TargetError):
    """There is no such process, or it has ended."""


class AccessDenied(TargetError):
    """The operating system refuses to show this process to us."""


class AttachRefused(TargetError):
    """Getting inside the process is not possible, or not safe."""


class NotPython(AttachRefused):
    """There is no Python in the process that can be used."""


class AttachBusy(AttachRefused):
    """Somebody is inside the process already."""


class AgentError(TargetError):
    """The agent inside the process does not answer, or refuses."""


class NoAgent(AgentError):
    """There is no agent inside the process."""


class SourceError(LeakdocError):
    """Samples could not be had from a file or a server."""


class UnreadableSource(SourceError):
    """The source is missing, not permitted, or of a format that is not known."""


class DamagedSource(SourceError):
    """The source is of a known format, but broken, or was changed by somebody."""


class RecordingError(LeakdocError):
    """A recording could not be written."""


class RecordingBusy(RecordingError):
    """Another writer holds the recording."""


class RecordingFull(RecordingError):
    """The disk, or the size that was allowed, is used up."""


class SignatureError(LeakdocError):
    """A proof could not be signed with the key that was given."""


class StepError(LeakdocError):
    """A step could not be called as it was asked for."""


class PlaybookError(LeakdocError):
    """A playbook could not be run as it was asked for."""


class PlaybookInvalid(PlaybookError):
    """The playbook, or what it was given, is wrong; `problems` has all of it.

    Args:
        problems: values with `message`, `path` and `line`.
    """

    def __init__(self, message: str, *, problems: tuple[Any, ...] = (), help: str | None = None) -> None:
        super().__init__(message, help=help)
        self.problems = problems


class JournalError(PlaybookError):
    """The journal cannot be written, is damaged, or was changed by somebody."""


class RunBusy(PlaybookError):
    """Another runner is at work on this run."""


class MissingDependency(LeakdocError):
    """A library that only some features need is not installed."""
