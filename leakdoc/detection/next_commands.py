"""What is worth running next, as an ordered list of rules: each names a command that exists, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence

from leakdoc.detection.silent_pools import crowded_pools, silent_pools
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import NextCommand
from leakdoc.model.finding import Finding
from leakdoc.model.metrics import MEMORY
from leakdoc.model.step import Effect
from leakdoc.model.subject import SubjectKind
from leakdoc.model.trace import Trace
from leakdoc.units import SECONDS, format_duration


def next_commands(trace: Trace, decision: Decision, findings: Sequence[Finding]) -> tuple[NextCommand, ...]:
    """Return the commands worth running after this diagnosis, the most useful first."""
    pid = trace.subject.pid
    if trace.subject.kind is not SubjectKind.PROCESS or pid is None or trace.facts.ending is not None:
        return ()
    if decision.is_fault:
        named = [_peers(pid)] if any(each.decision.is_fault and "peer" in each.evidence for each in findings) else []
        grows = any(each.decision.is_fault and each.metric in MEMORY for each in findings)
        return (*named, _lines(pid) if grows else _stacks(pid), _keep(pid))
    asked = (_who_waits(pid),) if silent_pools(trace) or crowded_pools(trace) else ()
    if decision in (Decision.INCONCLUSIVE, Decision.WARMING_UP):
        return (*asked, _longer(pid, findings))
    return asked


def _who_waits(pid: int) -> NextCommand:
    return NextCommand(
        argv=("leakdoc", "connections", str(pid), "--stacks"),
        effect=Effect.CAPTURE,
        why="tell whether callers wait for connections that stand silent or are all used",
        needs="ptrace",
    )


def _peers(pid: int) -> NextCommand:
    return NextCommand(
        argv=("leakdoc", "connections", str(pid)), effect=Effect.READ, why="tell its peers, who waits, and the openers"
    )


def _lines(pid: int) -> NextCommand:
    return NextCommand(
        argv=("leakdoc", "heap", str(pid)),
        effect=Effect.CAPTURE,
        why="name the lines that allocate what grows, and what keeps it",
        needs="ptrace",
    )


def _stacks(pid: int) -> NextCommand:
    return NextCommand(
        argv=("py-spy", "dump", "--nonblocking", "--pid", str(pid)),
        effect=Effect.CAPTURE,
        why="show what its threads do now, without pausing it",
        needs="ptrace",
    )


def _keep(pid: int) -> NextCommand:
    return NextCommand(
        argv=("leakdoc", "watch", str(pid), "--record", "before.leakdoc"),
        effect=Effect.READ,
        why="keep the samples that `leakdoc verify before.leakdoc after.leakdoc` needs after the fix",
    )


def _longer(pid: int, findings: Sequence[Finding]) -> NextCommand:
    needed = max((each.needs_more_s for each in findings if each.needs_more_s is not None), default=None)
    again = max(
        (told for each in findings if isinstance(told := each.evidence.get("look_again_s"), float)), default=None
    )
    longest = max((each for each in (needed, again) if each is not None), default=None)
    span = "1h" if longest is None else _round_span(max(60.0, longest * 1.5))
    why = "look for longer" if needed is None else f"about {format_duration(needed)} more are needed"
    return NextCommand(argv=("leakdoc", "watch", str(pid), "--for", span), effect=Effect.READ, why=why)


def _round_span(seconds: float) -> str:
    """The span as a person would write it, rounded up: ``90s``, ``23m``, ``3h``."""
    unit = next(unit for unit, most in (("s", 120.0), ("m", 7_200.0), ("h", float("inf"))) if seconds <= most)
    return f"{math.ceil(seconds / SECONDS[unit])}{unit}"
