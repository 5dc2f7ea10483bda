"""The metrics that leakdoc knows, their unit and their title, and how an unknown one is judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leakdoc.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: its name in every file, its unit, and how a person calls it."""

    name: str
    unit: Unit
    title: str
    is_counter: bool = False


_KNOWN: Final = (
    Metric(name="rss_bytes", unit="bytes", title="resident memory"),
    Metric(name="private_bytes", unit="bytes", title="private memory"),
    Metric(name="anon_bytes", unit="bytes", title="anonymous memory"),
    Metric(name="file_bytes", unit="bytes", title="file-backed memory"),
    Metric(name="shared_bytes", unit="bytes", title="shared memory"),
    Metric(name="shmem_bytes", unit="bytes", title="resident shared memory of no file"),
    Metric(name="rss_peak_bytes", unit="bytes", title="highest resident memory so far"),
    Metric(name="swap_bytes", unit="bytes", title="swapped-out memory"),
    Metric(name="heap_bytes", unit="bytes", title="heap in use"),
    Metric(name="heap_after_gc_bytes", unit="bytes", title="heap that collections leave"),
    Metric(name="heap_limit_bytes", unit="bytes", title="heap limit"),
    Metric(name="heap_mapped_bytes", unit="bytes", title="heap mapped"),
    Metric(name="working_set_bytes", unit="bytes", title="working set"),
    Metric(name="open_fds", unit="count", title="open descriptors"),
    Metric(name="threads", unit="count", title="threads"),
    Metric(name="threads_still", unit="count", title="threads that stay where they are"),
    Metric(name="children", unit="count", title="child processes"),
    Metric(name="zombies", unit="count", title="children that ended and were not collected"),
    Metric(name="connections", unit="count", title="connections"),
    Metric(name="oom_kills_total", unit="count", title="OOM kills", is_counter=True),
    Metric(name="requests_total", unit="count", title="requests", is_counter=True),
    Metric(name="cpu_seconds_total", unit="seconds", title="CPU time", is_counter=True),
    Metric(name="page_faults_total", unit="count", title="page faults", is_counter=True),
    Metric(name="cgroup_memory_bytes", unit="bytes", title="memory of the control group"),
    Metric(name="cgroup_events_total", unit="count", title="memory events of the control group", is_counter=True),
    Metric(name="memory_pressure_seconds_total", unit="seconds", title="stalled for want of memory", is_counter=True),
    Metric(name="total_rss_bytes", unit="bytes", title="resident memory of all processes"),
    Metric(name="total_private_bytes", unit="bytes", title="private memory of all processes"),
    Metric(name="total_open_fds", unit="count", title="open descriptors of all processes"),
    Metric(name="total_threads", unit="count", title="threads of all processes"),
    Metric(name="total_processes", unit="count", title="processes"),
    Metric(name="limit_bytes", unit="bytes", title="memory limit"),
)

KNOWN: Final = {metric.name: metric for metric in _KNOWN}

# The memory metrics that a verdict on memory may rest on, the best first: what the kernel counts against a
# limit comes before what only part of the process sees.
MEMORY: Final = ("working_set_bytes", "rss_bytes", "private_bytes", "anon_bytes", "heap_bytes", "heap_mapped_bytes")

HEAPS: Final = ("heap_bytes", "heap_after_gc_bytes")  # what a runtime's own limit holds for
HEAP_LIMIT: Final = "heap_limit_bytes"


def metric(name: str) -> Metric:
    """Return the metric of this name; one that is not known is bytes if it ends in ``_bytes``, else a count."""
    known = KNOWN.get(name)
    if known is not None:
        return known
    unit: Unit = "bytes" if name.endswith("_bytes") else "count"
    return Metric(name=name, unit=unit, title=name.replace("_", " "), is_counter=name.endswith("_total"))
