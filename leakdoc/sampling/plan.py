"""Which probes are read for a target, how often, and what each may cost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from leakdoc.model.sample import Reason
from leakdoc.sampling.lifeline import Lifeline, LinuxLifeline
from leakdoc.sampling.pace import Beat
from leakdoc.sampling.probes import cgroup, children, connections, descriptors, mappings, memory, processor
from leakdoc.sampling.probes.reading import Probe
from leakdoc.sampling.procfs import ProcessDirectory
from leakdoc.sampling.target import Target, access_denied, gone

# Each sample: one small read each, microseconds. Memory is what a watch is for, so it is never slowed by default.
EVERY_SAMPLE: Final = Beat(every_s=0.0, budget=0.01)
# Sources that cost up to milliseconds on a large target, and the numbers in them move slowly.
SLOW: Final = Beat(every_s=5.0, budget=0.002)
# Settings and limits: they change when somebody changes them.
RARE: Final = Beat(every_s=30.0, budget=0.001)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedProbe:
    """One probe, the metrics that are missing when it fails, and its beat."""

    name: str
    probe: Probe
    metrics: tuple[str, ...]
    beat: Beat


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a sampler does to one target.

    Args:
        touched: what is done to the target to read all this, in words.
        missing: metric to the reason why no probe of this plan reads it.
        oom_kills: counts those killed so far for want of memory among whom the target is; null when unknown.
    """

    probes: tuple[PlannedProbe, ...]
    lifeline: Lifeline
    touched: str
    missing: Mapping[str, str] = field(default_factory=dict)
    oom_kills: Callable[[], int | None] = lambda: None


def plan_for(target: Target) -> Plan:
    """Return the plan for this platform.

    Raises:
        TargetGone: the process has ended.
        AccessDenied: the system does not show it to us.
    """
    if sys.platform != "linux":
        from leakdoc.sampling.portable import portable_plan

        return portable_plan(target)
    try:
        return _linux_plan(target, ProcessDirectory(target.pid))
    except PermissionError:
        raise access_denied(target.pid) from None
    except (ProcessLookupError, FileNotFoundError):
        raise gone(target.pid) from None


def _linux_plan(target: Target, directory: ProcessDirectory) -> Plan:
    lifeline = LinuxLifeline(target, directory)
    missing: dict[str, str] = {}
    probes = []
    for name, make, metrics, beat in _LINUX_PROBES:
        try:
            probes.append(PlannedProbe(name=name, probe=make(directory), metrics=metrics, beat=beat))
        except PermissionError:
            missing.update(dict.fromkeys(metrics, Reason.DENIED))
        except FileNotFoundError:
            missing.update(dict.fromkeys(metrics, Reason.UNSUPPORTED))
    group = cgroup.CgroupProbe(directory)
    probes.append(PlannedProbe(name="cgroup", probe=group, metrics=cgroup.METRICS, beat=SLOW))
    return Plan(
        probes=tuple(probes),
        lifeline=lifeline,
        touched="nothing (read /proc and netlink)",
        missing=missing,
        oom_kills=group.oom_kills,
    )


_LINUX_PROBES: Final[tuple[tuple[str, Callable[[ProcessDirectory], Probe], tuple[str, ...], Beat], ...]] = (
    ("statm", memory.StatmProbe, memory.STATM_METRICS, EVERY_SAMPLE),
    ("stat", processor.ProcessorProbe, processor.METRICS, EVERY_SAMPLE),
    ("fd", descriptors.DescriptorsProbe, descriptors.METRICS, EVERY_SAMPLE),
    ("sockets", connections.ConnectionsProbe, connections.METRICS, EVERY_SAMPLE),
    ("status", memory.StatusProbe, memory.STATUS_METRICS, SLOW),
    ("children", children.ChildrenProbe, children.METRICS, SLOW),
    ("maps", mappings.MappingsProbe, mappings.METRICS, SLOW),
    ("limits", descriptors.OpenFilesLimitProbe, (), RARE),
)
