"""Where a subject's pods are told of: the names that a scan gives, read back."""

from __future__ import annotations

from typing import NamedTuple

from leakdoc.sampling.sources.prometheus.conventions import built_in
from leakdoc.sampling.sources.prometheus.promql import escaped, quoted


class Place(NamedTuple):
    """What a subject's name may mean.

    Args:
        namespace: the matchers of its namespace, as PromQL writes them.
        workload: what its pods were made from.
        container: null where the name ends before it.
    """

    namespace: str
    workload: str
    container: str | None

    @property
    def pods(self) -> str:
        """The matchers of its pods, and of those of a workload whose name begins alike."""
        return f"{self.namespace},pod=~{quoted(f'{escaped(self.workload)}(-.*)?')}"


def places_of(subject: str) -> list[Place]:
    """Return what a name may mean: namespace, workload, container; or these after a cluster."""
    parts = subject.split("/")
    found = []
    if len(parts) > 1:
        found.append(Place(f"namespace={quoted(parts[0])}", parts[1], parts[2] if len(parts) > 2 else None))
    if len(parts) > 2:
        namespace = f"{built_in().cluster_label}={quoted(parts[0])},namespace={quoted(parts[1])}"
        found.append(Place(namespace, parts[2], parts[3] if len(parts) > 3 else None))
    return found
