"""What to do next where a proof is not decided, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.proof import Proof
from leakdoc.units import format_duration

_LONG_S: Final = 6 * 3_600.0  # a wait in which the hour of the day counts


def next_words(proof: Proof) -> Iterator[str]:
    """Yield what to do, the surest first; nothing where it is decided."""
    if proof.decision is not ProofDecision.INCONCLUSIVE:
        return
    if any(check.name == "before_leaked" and check.outcome is CheckOutcome.UNKNOWN for check in proof.checks):
        yield from _of_before(proof)
    elif proof.needs_more_s is not None:
        yield f"keep watching for about {format_duration(proof.needs_more_s)} more, then verify again"
        yield from _of_the_day(proof, proof.needs_more_s)
    else:
        yield "clear what is not ok above, then verify again"


def _of_before(proof: Proof) -> Iterator[str]:
    trace = proof.before.trace
    most = max((life.stop - life.first for life in trace.lives), default=0)
    growth = proof.parameters.get("growth")
    needed = growth.get("min_samples") if isinstance(growth, dict) else None
    if isinstance(needed, int | float) and 0 < most < needed:
        yield (
            f"record the leak again, until one process has {needed:g} readings (BEFORE has {most}): for longer, or "
            "with a shorter --interval or scrape interval; more of AFTER does not help"
        )
    else:
        yield "give a longer recording of the leak as BEFORE; more of AFTER does not help"


def _of_the_day(proof: Proof, needs_more_s: float) -> Iterator[str]:
    load = next((check for check in proof.checks if check.name == "load"), None)
    if needs_more_s >= _LONG_S and load is not None and load.numbers.get("unread") is True:
        yield (
            "or sooner, where it is the day that goes up and down: give the load of both sides (requests_total, or "
            "--load COLUMN), or an AFTER of the same hours of the day as BEFORE, two days if it can be"
        )
