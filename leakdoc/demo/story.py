"""The whole story on real parts: a leak is seen, its fix rolled out, and memory proven normal. Nothing is scripted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from leakdoc.demo.deployment import Deployment
from leakdoc.demo.postgres import EmbeddedPostgres
from leakdoc.detection.watch import Progress, Watch, Watched
from leakdoc.errors import RecordingError, UsageError
from leakdoc.model.decision import Decision, ProofDecision
from leakdoc.model.proof import Proof
from leakdoc.reporting.html import to_html
from leakdoc.reporting.proof_text import proof_lines
from leakdoc.reporting.screen import last_screen
from leakdoc.verification.verify import verify
from leakdoc.verification.write import write_proof

MARKER: Final = ".leakdoc-demo"  # says that the files beside it are ours to replace
INTERVAL_S: Final = 0.5
BEFORE_S: Final = 40.0  # for memory and for connections to be decided, each on its own
AFTER_S: Final = 45.0  # for what the old build would have leaked by then to be plain
AT_MOST_S: Final = 240.0  # each: a machine so busy that samples come seconds late needs longer than others
LEAKS: Final = frozenset({"growth", "unclosed_connections"})  # the detectors of memory and of connections

Say = Callable[[str], None]
OnProgress = Callable[[Progress], None]
HasDecided = Callable[[Watch, Progress], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The files that the story leaves behind."""

    before: Path
    after: Path
    proof: Path
    report: Path


def files_in(directory: Path) -> Kept:
    """Return the paths of the story's files, in a directory that is new, empty, or an earlier story's.

    Raises:
        UsageError: the directory holds something else.
        RecordingError: the directory cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()) and not (directory / MARKER).exists():
            raise UsageError(f"{directory} holds other files", help="Name another with --output DIR.")
        (directory / MARKER).touch()
        kept = Kept(
            before=directory / "before.leakdoc",
            after=directory / "after.leakdoc",
            proof=directory / "proof.json",
            report=directory / "report.html",
        )
        for path in (kept.before, kept.after, kept.proof, kept.report):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise RecordingError(
            f"{directory} cannot be made: {error.strerror}", help="Name another with --output DIR."
        ) from error
    return kept


def tell(say: Say, kept: Kept, *, with_fix: bool, on_progress: OnProgress | None = None) -> Proof:
    """Tell the story.

    Args:
        say: takes each line for the person who looks on.
        kept: where the recordings, the proof and the report go.
        with_fix: whether the build that is rolled out has the fix.
        on_progress: called after each sample.

    Returns:
        The proof, or the refusal to prove.
    """
    say("1. A payments service starts on a PostgreSQL of its own, under a steady load of card payments.")
    with EmbeddedPostgres() as postgres, Deployment(postgres.dsn, build="leaky") as deployment:
        say(f"   postgres on 127.0.0.1:{postgres.port}, payments pid {deployment.pid}")
        say("\n2. leakdoc watches it.")
        before = _watch(deployment.pid, kept.before, on_progress, BEFORE_S, _leak_is_seen)
        _say_all(say, last_screen(before.diagnosis))
        say(f"\n3. {_roll_out(deployment, with_fix=with_fix)}")
        say(f"   payments pid {deployment.pid} serves now")
        say("\n4. leakdoc watches the new process.")
        after = _watch(deployment.pid, kept.after, on_progress, AFTER_S, partial(_is_compared, before))
        _say_all(say, last_screen(after.diagnosis))
    if deployment.counts is not None:
        say(f"   the load: {deployment.counts.sent} charges sent, {deployment.counts.failed} lost over the roll-out")
    say("\n5. leakdoc compares before with after.")
    proof = verify(before, after)
    write_proof(proof, kept.proof)
    kept.report.write_text(to_html(proof), encoding="utf-8")
    _say_all(say, proof_lines(proof))
    return proof


def _watch(
    pid: int, record: Path, on_progress: OnProgress | None, usually_s: float, has_decided: HasDecided
) -> Watched:
    """Watch for as long as it usually takes, and on where nothing is decided then."""

    def look(progress: Progress) -> None:
        if on_progress is not None:
            on_progress(progress)
        if progress.elapsed_s >= usually_s and has_decided(watch, progress):
            watch.stop()

    watch = Watch(pid, interval_s=INTERVAL_S, for_s=AT_MOST_S, record=record, stop_when_decided=False, on_progress=look)
    return _completed(watch.run())


def _leak_is_seen(_: Watch, progress: Progress) -> bool:
    """Whether the last look has seen the leak, in memory and in connections."""
    findings = () if progress.diagnosis is None else progress.diagnosis.findings
    return {each.detector for each in findings if each.decision is Decision.LEAKING} >= LEAKS


def _is_compared(before: Watched, watch: Watch, _: Progress) -> bool:
    """Whether before against after is decided."""
    return verify(before, watch.trace).decision is not ProofDecision.INCONCLUSIVE


def _completed(watched: Watched) -> Watched:
    """What was watched; raise what kept it from being recorded."""
    if watched.failure is not None:
        raise watched.failure
    return watched


def _roll_out(deployment: Deployment, *, with_fix: bool) -> str:
    deployment.roll_out("fixed" if with_fix else "leaky")
    if with_fix:
        return "The fixed build is rolled out: its error path gives the connection back."
    return "The same build is rolled out again: the fix is withheld."


def _say_all(say: Say, lines: list[str]) -> None:
    for line in lines:
        say(f"   {line}")
