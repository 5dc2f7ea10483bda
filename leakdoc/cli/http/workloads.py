"""Workloads of a Prometheus over HTTP: what a rollout's analysis asks, and the gate that a promotion waits at."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from leakdoc.errors import UsageError
from leakdoc.model.decision import ProofDecision

if TYPE_CHECKING:
    from leakdoc.model.proof import Proof
    from leakdoc.model.trace import Trace
    from leakdoc.sampling.sources.prometheus.client import Prometheus
    from leakdoc.sampling.sources.prometheus.conventions import Conventions

GATE: Final = "leakdoc.gate/1"
OPEN: Final = 200
SHUT: Final = 409  # anything but 2xx holds a promotion; it is no trouble of the server


_FRESH_S: Final = 10.0  # no server is scraped much more often
_MOST_KEPT: Final = 256  # answers


class Asked(NamedTuple):
    """What is asked: a workload, when its rollout was, and what runs its old build, where that is told.

    `primary` looks for the latter where Flagger keeps it.
    """

    workload: str
    rollout_at: float | None = None
    stable: str | None = None
    primary: bool = False


class Gate(NamedTuple):
    """An answer: the document and its decision."""

    document: dict[str, Any]
    decision: ProofDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Workloads:
    """The server that workloads are read from.

    What is asked again while it is being reached, or has just been, is not reached anew: controllers ask from many
    places at once, and give up before an answer comes to ask again.

    Args:
        since_s: how far back to look.
        now: seconds since the epoch.
        monotonic: seconds.
    """

    prometheus: Prometheus
    conventions: Conventions
    since_s: float
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[Asked, tuple[float, Gate]] = field(default_factory=dict, init=False, repr=False)
    _reached: dict[Asked, threading.Lock] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def gate(self, asked: Asked) -> Gate:
        """Return what the proof of a workload's last rollout says; `inconclusive` where there was none yet.

        Raises:
            UsageError: there is no such workload.
            SourceError: the server refuses.
        """
        with self._lock:
            if len(self._reached) >= _MOST_KEPT:
                self._reached.clear()  # also of what never was: names that no workload has
            alone = self._reached.setdefault(asked, threading.Lock())
        with alone:
            kept = self._kept.get(asked)
            if kept is not None and self.monotonic() - kept[0] < _FRESH_S:
                return kept[1]
            reached = self._gate(asked)
            with self._lock:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[asked] = self.monotonic(), reached
            return reached

    def _gate(self, asked: Asked) -> Gate:
        from leakdoc.verification.rollout import NoRollout
        from leakdoc.verification.verify import verify
        from leakdoc.verification.workload import rollout_of

        trace = self._trace(asked)
        try:
            rollout = rollout_of(trace, asked.rollout_at)
        except NoRollout as error:
            return Gate(_document(asked, ProofDecision.INCONCLUSIVE, error.message), ProofDecision.INCONCLUSIVE)
        return _of_proof(asked, verify(rollout.before, rollout.after))

    def _trace(self, asked: Asked) -> Trace:
        from leakdoc.sampling.sources.prometheus.fleet import Window
        from leakdoc.sampling.sources.prometheus.workload import is_there, trace_of_workload

        end = self.now()
        window, stable = Window(start=max(end - self.since_s, 0.0), end=end), asked.stable
        if stable is None and asked.primary:
            primary = _primary_of(asked.workload)
            stable = primary if is_there(self.prometheus, self.conventions, window, primary) else None
        return trace_of_workload(self.prometheus, self.conventions, window, asked.workload, stable=stable)


def _primary_of(workload: str) -> str:
    """Where Flagger runs the old build: ``shop/api-primary/web`` of ``shop/api/web``."""
    namespace, slash, rest = workload.partition("/")
    name, container_slash, container = rest.partition("/")
    return f"{namespace}{slash}{name}-primary{container_slash}{container}" if slash else f"{namespace}-primary"


def _of_proof(asked: Asked, proof: Proof) -> Gate:
    checks = [{"name": each.name, "outcome": str(each.outcome), "reason": each.reason} for each in proof.checks]
    return Gate(_document(asked, proof.decision, proof.reason, proof.needs_more_s, checks), proof.decision)


def _document(
    asked: Asked, decision: ProofDecision, reason: str, needs_more_s: float | None = None,
    checks: Sequence[dict[str, str]] = (),
) -> dict[str, Any]:  # fmt: skip
    """Lay out what a gate needs to know: the decision with its checks, without the samples."""
    return {
        "schema": GATE,
        "workload": asked.workload,
        "decision": str(decision),
        "reason": reason,
        "needs_more_s": needs_more_s,
        "checks": list(checks),
    }


def status_of(decision: ProofDecision) -> int:
    """Return 200 for `normalized` and nothing else."""
    return OPEN if decision is ProofDecision.NORMALIZED else SHUT


def hook_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return what a hook of Flagger asks, as a query does: by its metadata, else by namespace and name.

    Raises:
        UsageError: it names no workload.
    """
    metadata = body.get("metadata")
    told = metadata if isinstance(metadata, Mapping) else {}
    found = {name: value for name in ("workload", "stable") if isinstance(value := told.get(name), str) and value}
    namespace, name = body.get("namespace"), body.get("name")
    if "workload" not in found and isinstance(namespace, str) and isinstance(name, str) and namespace and name:
        found["workload"] = f"{namespace}/{name}"
    if "workload" not in found:
        raise UsageError("the hook names no workload", help="Give metadata.workload, or namespace and name.")
    return found
