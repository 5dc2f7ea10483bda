"""Why containers ended, where kube-state-metrics has a record of it."""

from __future__ import annotations

import re

from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.promql import milliseconds, quoted

_METRICS = ("kube_pod_container_status_last_terminated_reason", "kube_pod_container_status_terminated_reason")


def reasons_of_ends(prometheus: Prometheus, workload: str, at: float, around_s: float) -> dict[str, float]:
    """Return the reasons why containers of a workload, or its pods, ended around a moment, with how often.

    A reason counts where it appeared around the moment and had not stood there before: kube-state-metrics goes on to
    tell the last one.

    Args:
        workload: ``namespace/name/container``; anything else has no record.
        at: the moment; seconds since the epoch.
        around_s: how far before and after it to look.

    Raises:
        SourceError: the server refuses.
    """
    parts = workload.split("/")
    if len(parts) < 2:
        return {}
    pods = f"namespace={quoted(parts[0])},pod=~{quoted(re.escape(parts[1]) + '-.*')}"
    container = f",container={quoted(parts[2])}" if len(parts) > 2 else ""
    span = milliseconds(2.0 * around_s)
    asked = [f"{metric}{{{pods}{container}}}" for metric in _METRICS] + [f"kube_pod_status_reason{{{pods}}}"]
    found: dict[str, float] = {}
    for series in asked:
        came = f"max_over_time({series}[{span}]) > 0 unless ({series} offset {span} > 0)"
        for labels, value in prometheus.query(f"sum by (reason) ({came})", at + around_s):
            reason = labels.get("reason", "")
            if reason and value > 0:
                found[reason] = found.get(reason, 0.0) + value
    return found
