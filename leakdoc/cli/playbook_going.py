"""What `playbook run` and `playbook resume` share: options, the person at the terminal, the answer."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from leakdoc.cli.output import print_json, print_lines, tell
from leakdoc.cli.step import CODES
from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.playbook.engine.run import Ran
    from leakdoc.playbook.engine.setting import Setting
    from leakdoc.playbook.model import Playbook

_WORDS = {"done": True, "not-done": False}


def add_going(parser: argparse.ArgumentParser) -> None:
    """Let the user give an approval, and be quiet."""
    parser.add_argument(
        "--grant", type=Path, metavar="FILE", help="an SSH signature over the digest of the approval that is waited for"
    )
    parser.add_argument(
        "--allowed-signers",
        type=Path,
        metavar="FILE",
        help="whose signatures count; not writable by this user (default: $LEAKDOC_ALLOWED_SIGNERS, "
        "/etc/leakdoc/allowed_signers)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def setting_of(
    args: argparse.Namespace, playbook: Playbook, directory: Path, settle: Mapping[str, bool] | None = None
) -> Setting:
    """Return the run's setting: a person is asked only where one sits at a terminal."""
    from leakdoc.cli.playbook_display import Display
    from leakdoc.playbook.engine.setting import Setting
    from leakdoc.playbook.journal.session import who
    from leakdoc.playbook.registry import installed

    display = Display(playbook, installed(), tell if not args.quiet else _unheard)
    given: dict[str, Any] = {
        "directory": directory,
        "actor": who(),
        "saw": display.saw,
        "progress": display.progress,
        "grant": args.grant,
        "signers": args.allowed_signers,
        "settle": settle or {},
    }
    if is_terminal():
        given |= {"ask": ask, "approve": approve}
    return Setting(**given)


def is_terminal() -> bool:
    """Say whether a person sits at the other end of our input and of our messages."""
    streams = (sys.stdin, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


def ask(question: str) -> str | None:
    """Ask the person at the terminal; null at the end of input."""
    print(f"{inert(question, longest=1_000)}\n> ", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    return line.strip() if line else None


def approve(subject: Mapping[str, Any], digest: str) -> bool | None:
    """Show what is to be approved, and ask for the first characters of its digest, which nobody types by accident."""
    from leakdoc.cli.playbook_display import approval_lines

    for line in approval_lines(subject, digest):
        tell(line)
    answer = ask(f"Type {digest[:6]} to approve, no to deny, anything else to leave it waiting.")
    if answer == digest[:6]:
        return True
    return False if (answer or "").lower() in ("no", "n") else None


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """End the step that runs and leave the journal as it is, on SIGTERM as on Ctrl-C."""

    def stop(number: int, frame: object) -> NoReturn:
        del number, frame
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        tell("Stopped. What was running has been ended; `leakdoc playbook resume JOURNAL` goes on from here.")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def settled(texts: Sequence[str], playbook: Playbook) -> dict[str, bool]:
    """Read ``STEP=done`` and ``STEP=not-done``."""
    found: dict[str, bool] = {}
    for text in texts:
        step, equals, word = text.partition("=")
        if not equals or word not in _WORDS:
            raise UsageError(f"not a step and a word: {inert(text)!r}", help="Write it like --settle rollout=done.")
        known = [each.id for each in playbook.steps]
        if step not in known:
            raise UsageError(f"no step of this run: {inert(step)!r}", help=f"Its steps: {', '.join(known)}.")
        found[step] = _WORDS[word]
    return found


def directory_of(given: Path | None) -> Path:
    """Return the directory for steps' files."""
    if given is not None and not given.is_dir():
        raise UsageError(f"not a directory: {inert(str(given))!r}", help=f"Make it first: mkdir -p {given}")
    return given or Path.cwd()


def report(args: argparse.Namespace, ran: Ran) -> int:
    """Print the answer, and return the exit code."""
    from leakdoc.cli.playbook_display import told
    from leakdoc.playbook.engine.document import run_document

    document = run_document(ran)
    if args.json:
        print_json(document)
    else:
        print_lines(told(document))
    return CODES[Outcome(document["outcome"])]


def _unheard(text: str) -> None:
    del text
