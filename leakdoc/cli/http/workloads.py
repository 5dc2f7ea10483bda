"""Workloads of a Prometheus over HTTP: what a rollout's analysis asks, and the gate that a promotion waits at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from leakdoc.errors import UsageError
from leakdoc.model.decision import ProofDecision

if TYPE_CHECKING:
    from leakdoc.model.proof import Proof
    from leakdoc.sampling.sources.prometheus.client import Prometheus
    from leakdoc.sampling.sources.prometheus.conventions import Conventions

GATE: Final = "leakdoc.gate/1"
OPEN: Final = 200
SHUT: Final = 409  # anything but 2xx holds a promotion; it is no trouble of the server


@dataclass(frozen=True, slots=True, kw_only=True)
class Workloads:
    """The server that workloads are read from.

    Args:
        since_s: how far back to look.
        now: seconds since the epoch.
    """

    prometheus: Prometheus
    conventions: Conventions
    since_s: float
    now: Callable[[], float] = time.time

    def proof(self, workload: str, rollout_at: float | None) -> Proof:
        """Return the proof of a workload's last rollout.

        Raises:
            UsageError: there is no such workload, or no rollout to be found.
            SourceError: the server refuses.
        """
        from leakdoc.sampling.sources.prometheus.fleet import Window
        from leakdoc.sampling.sources.prometheus.workload import trace_of_workload
        from leakdoc.verification.verify import verify
        from leakdoc.verification.workload import rollout_of

        end = self.now()
        window = Window(start=end - self.since_s, end=end)
        trace = trace_of_workload(self.prometheus, self.conventions, window, workload)
        rollout = rollout_of(trace, rollout_at)
        return verify(rollout.before, rollout.after)


def gate_document(workload: str, proof: Proof) -> dict[str, Any]:
    """Lay out what a gate needs to know: the decision with its checks, without the samples."""
    return {
        "schema": GATE,
        "workload": workload,
        "decision": str(proof.decision),
        "reason": proof.reason,
        "needs_more_s": proof.needs_more_s,
        "checks": [{"name": each.name, "outcome": str(each.outcome), "reason": each.reason} for each in proof.checks],
    }


def status_of(decision: ProofDecision) -> int:
    """Return 200 for `normalized` and nothing else."""
    return OPEN if decision is ProofDecision.NORMALIZED else SHUT


def workload_of_hook(body: Mapping[str, Any]) -> str:
    """Return the workload that a hook of Flagger names: in its metadata, else by namespace and name.

    Raises:
        UsageError: it names none.
    """
    metadata = body.get("metadata")
    told = metadata.get("workload") if isinstance(metadata, Mapping) else None
    if isinstance(told, str) and told:
        return told
    namespace, name = body.get("namespace"), body.get("name")
    if isinstance(namespace, str) and isinstance(name, str) and namespace and name:
        return f"{namespace}/{name}"
    raise UsageError("the hook names no workload", help="Give metadata.workload, or namespace and name.")
