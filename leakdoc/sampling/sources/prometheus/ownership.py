"""Who keeps a workload as it is: a GitOps controller undoes what is done by hand, a rollback too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.places import places_of
from leakdoc.sampling.sources.prometheus.promql import quoted

# The labels by which controllers mark what is theirs, as kube-state-metrics writes them, and how each is reverted.
_MARKS: Final[tuple[tuple[str, str], ...]] = (
    ("label_argocd_argoproj_io_instance", "Argo CD"),
    ("label_argocd_argoproj_io_app_name", "Argo CD"),
    ("label_kustomize_toolkit_fluxcd_io_name", "Flux"),
    ("label_helm_toolkit_fluxcd_io_name", "Flux"),
    ("label_fleet_cattle_io_bundle_name", "Fleet"),
)
_WORKLOADS: Final = (
    ("kube_deployment_labels", "deployment"),
    ("kube_statefulset_labels", "statefulset"),
    ("kube_daemonset_labels", "daemonset"),
    ("kube_pod_labels", "pod"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A controller that keeps a workload as a repository says.

    Args:
        controller: its name.
        application: what it calls the workload's part.
    """

    controller: str
    application: str

    @property
    def revert(self) -> str:
        """How to go back, in words: what is done by hand would be undone."""
        return (
            f"{self.controller} keeps it as the repository of {self.application} says, and would undo a rollback by "
            "hand: revert the commit there (git revert COMMIT && git push), and let it be rolled out"
        )


def owner_of(prometheus: Prometheus, workload: str, at: float) -> Owner | None:
    """Return the controller that a workload belongs to; null where none is known.

    Args:
        workload: ``namespace/name``, with or without the cluster before and the container after it.
        at: when; seconds since the epoch.

    Raises:
        SourceError: the server does not say: a rollback that may be undone is not to be taken for one that is not.
    """
    for place in places_of(workload):
        for metric, label in _WORKLOADS:
            pods = label == "pod"
            where = place.pods if pods else f"{place.namespace},{label}={quoted(place.workload)}"
            found = prometheus.query(f"{metric}{{{where}}}", at)
            told = [each for each, _ in found if not pods or place.is_of(each)]
            owner = next((owner for labels in told if (owner := _marked(labels)) is not None), None)
            if owner is not None:
                return owner
    return None


def _marked(labels: Mapping[str, str]) -> Owner | None:
    for label, controller in _MARKS:
        if labels.get(label):
            return Owner(controller=controller, application=inert(labels[label], longest=100))
    return None
