"""Where a subject's pods are told of: the names that a scan gives, read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.promql import escaped, quoted
from leakdoc.sampling.sources.prometheus.workloads import EXPORTED, workload_of


class Place(NamedTuple):
    """What a subject's name may mean.

    Args:
        namespace: the matchers of its namespace, as PromQL writes them.
        workload: what its pods were made from.
        container: null where the name ends before it.
        prefix: of the labels that tell: a Prometheus without honor_labels puts ``exported_`` before them.
    """

    namespace: str
    workload: str
    container: str | None
    prefix: str = ""

    @property
    def pods(self) -> str:
        """The matchers of its pods, and of those of a workload whose name begins alike."""
        return f"{self.namespace},{self.prefix}pod=~{quoted(f'{escaped(self.workload)}(-.*)?')}"

    def is_of(self, labels: Mapping[str, str]) -> bool:
        """Whether a pod is one of the workload's."""
        return workload_of(labels.get(f"{self.prefix}pod", "")) == self.workload


def places_of(subject: str) -> list[Place]:
    """Return what a name may mean: namespace, workload, container; or these after a cluster."""
    parts = subject.split("/")
    found = []
    for prefix in ("", EXPORTED):
        if len(parts) > 1:
            namespace = f"{prefix}namespace={quoted(parts[0])}"
            found.append(Place(namespace, parts[1], parts[2] if len(parts) > 2 else None, prefix))
        if len(parts) > 2:
            for label in built_in().cluster_labels:
                namespace = f"{label}={quoted(parts[0])},{prefix}namespace={quoted(parts[1])}"
                found.append(Place(namespace, parts[2], parts[3] if len(parts) > 3 else None, prefix))
    return found
