"""The steps that an extracted playbook can have, in their order unless a record says else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKind:
    """A step of an extracted playbook.

    Args:
        id: in the playbook.
        uses: the registered step.
        imperative: what it tells a reader to do.
        holds: what is true after it.
    """

    id: str
    uses: str
    imperative: str
    holds: str


STEP_KINDS: Final = (
    StepKind(
        id="sample",
        uses="leakdoc.sample_memory",
        imperative="Sample the memory of the target",
        holds="A recording of the target before any change exists",
    ),
    StepKind(
        id="growth",
        uses="leakdoc.detect_growth",
        imperative="Decide whether it grows without an end in sight",
        holds="Growth is decided, with its slope and the time that is left",
    ),
    StepKind(
        id="connections",
        uses="leakdoc.find_unclosed_connections",
        imperative="Find connections that are opened and never closed",
        holds="The peers and openers that leak are named",
    ),
    StepKind(
        id="pool",
        uses="leakdoc.find_exhausted_pool",
        imperative="Find the pool that is exhausted, and who holds it",
        holds="The pool at its ceiling and its holders are named",
    ),
    StepKind(
        id="upstream",
        uses="leakdoc.isolate_upstream",
        imperative="Isolate the upstream that does not answer",
        holds="The slow or silent upstream is named",
    ),
    StepKind(
        id="heap",
        uses="leakdoc.capture_heap",
        imperative="Capture the heap and rank the lines that allocate",
        holds="The lines that keep what grows are ranked",
    ),
    StepKind(
        id="locate",
        uses="leakdoc.locate_code",
        imperative="Locate the code and the change that brought it in",
        holds="The file and the line are known",
    ),
    StepKind(
        id="mitigate",
        uses="leakdoc.mitigate",
        imperative="Relieve production before the cure",
        holds="Users are served again, and nothing more is claimed",
    ),
    StepKind(
        id="fix",
        uses="leakdoc.apply_fix",
        imperative="Change the code so that what is opened is closed",
        holds="A revision with the fix exists",
    ),
    StepKind(
        id="tune",
        uses="leakdoc.tune_pool",
        imperative="Set the pool's size, timeouts and recycling",
        holds="The new settings are in force, and the previous ones are recorded",
    ),
    StepKind(
        id="breaker",
        uses="leakdoc.apply_circuit_breaker",
        imperative="Bound the calls: timeout, retries, breaker",
        holds="Callers no longer pile up behind the upstream",
    ),
    StepKind(
        id="regression_test",
        uses="leakdoc.write_regression_test",
        imperative="Write a test that fails without the fix",
        holds="The test passes with the fix",
    ),
    StepKind(
        id="baseline",
        uses="leakdoc.record_rollback_point",
        imperative="Record the revision that a rollback goes to",
        holds="The rollback point is recorded before anything is rolled out",
    ),
    StepKind(
        id="staging",
        uses="leakdoc.validate_in_staging",
        imperative="Validate the fix in staging under load",
        holds="Staging is proven under load before production is touched",
    ),
    StepKind(
        id="rollout",
        uses="leakdoc.roll_out",
        imperative="Roll the fix out, guarded",
        holds="The fix runs in production, or has been rolled back",
    ),
    StepKind(
        id="roll_back",
        uses="leakdoc.roll_back",
        imperative="Roll back to the recorded revision",
        holds="The recorded revision runs again, and that was verified",
    ),
    StepKind(
        id="verify",
        uses="leakdoc.verify_normalized",
        imperative="Prove that memory is normalized on every channel",
        holds="A proof says that memory is normalized",
    ),
    StepKind(
        id="recovered",
        uses="leakdoc.verify_recovered",
        imperative="Show that latency, errors and waiters recovered",
        holds="Latency, errors and waiters are back to where they were",
    ),
    StepKind(
        id="monitoring",
        uses="leakdoc.add_monitoring",
        imperative="Add an alert that would have told earlier",
        holds="An alert watches what this incident began with",
    ),
    StepKind(
        id="summary",
        uses="leakdoc.post_summary",
        imperative="Post the summary to the channel",
        holds="The channel has the summary",
    ),
)

BY_ID: Final = {kind.id: kind for kind in STEP_KINDS}
ORDER: Final = {kind.id: place for place, kind in enumerate(STEP_KINDS)}
SLOT_OF_STEP: Final = {kind.uses.rpartition(".")[2]: kind.id for kind in STEP_KINDS} | {"guard_rollout": "guard"}
