"""Why containers ended, where kube-state-metrics has a record of it."""

from __future__ import annotations

from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.places import Place, places_of
from leakdoc.sampling.sources.prometheus.promql import milliseconds, quoted

_METRICS = ("kube_pod_container_status_last_terminated_reason", "kube_pod_container_status_terminated_reason")


def reasons_of_ends(prometheus: Prometheus, workload: str, at: float, around_s: float) -> dict[str, float]:
    """Return the reasons why containers of a workload, or its pods, ended around a moment, with how often.

    A reason counts where it appeared around the moment and had not stood there before: kube-state-metrics goes on to
    tell the last one.

    Args:
        workload: ``namespace/name/container``, or these after a cluster; anything else has no record.
        at: the moment; seconds since the epoch.
        around_s: how far before and after it to look.

    Raises:
        SourceError: the server refuses.
    """
    span = milliseconds(2.0 * around_s)
    found: dict[str, float] = {}
    for place in places_of(workload):
        for series in _asked(place):
            came = f"max_over_time({series}[{span}]) > 0 unless ({series} offset {span} > 0)"
            for labels, value in prometheus.query(f"sum by ({place.prefix}pod, reason) ({came})", at + around_s):
                reason = labels.get("reason", "")
                if reason and value > 0 and place.is_of(labels):
                    found[reason] = found.get(reason, 0.0) + value
    return found


def _asked(place: Place) -> list[str]:
    container = "" if place.container is None else f",{place.prefix}container={quoted(place.container)}"
    return [f"{metric}{{{place.pods}{container}}}" for metric in _METRICS] + [f"kube_pod_status_reason{{{place.pods}}}"]
