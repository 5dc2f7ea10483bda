"""What is read of a process on Linux: /proc, sock_diag and the control group, each at its beat."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial
from typing import Final

from leakdoc.sampling.lifeline import LinuxLifeline
from leakdoc.sampling.linux_target import name_now
from leakdoc.sampling.pace import Beat
from leakdoc.sampling.plan import AGENT, CHILDREN, CONNECTIONS, EVERY_SAMPLE, RARE, SLOW, Plan, PlannedProbe
from leakdoc.sampling.probes import (
    agent,
    agent_connections,
    cgroup,
    children,
    connections,
    descriptor_kinds,
    descriptor_targets,
    descriptors,
    mappings,
    memory,
    parked,
    pressure,
    processor,
    zombies,
)
from leakdoc.sampling.probes.reading import Probe, reason_of
from leakdoc.sampling.process import Target, access_denied, gone
from leakdoc.sampling.procfs import ProcessDirectory


def linux_plan(target: Target, *, share: float = 1.0, looked_at: Callable[[], Collection[int]] = tuple) -> Plan:
    """Return everything that is read of a target.

    Args:
        share: of each budget, where the target is one of several.
        looked_at: tells the pids of all that are looked at, where there are others beside the target.

    Raises:
        TargetGone: the process has ended.
        AccessDenied: the system does not show it to us.
    """
    try:
        plan = _plan(target, ProcessDirectory(target.pid), looked_at)
    except PermissionError:
        raise access_denied(target.pid) from None
    except (ProcessLookupError, FileNotFoundError):
        raise gone(target.pid) from None
    return plan if share >= 1.0 else _with_share(plan, share)


def _with_share(plan: Plan, share: float) -> Plan:
    probes = (replace(each, beat=replace(each.beat, budget=each.beat.budget * share)) for each in plan.probes)
    return replace(plan, probes=tuple(probes))


def _plan(target: Target, directory: ProcessDirectory, looked_at: Callable[[], Collection[int]]) -> Plan:
    lifeline = LinuxLifeline(target, directory)
    missing: dict[str, str] = {}
    probes: list[PlannedProbe] = []
    for name, make, metrics, beat in (*_LINUX_PROBES, _children_seen_by(looked_at)):
        try:
            probes.append(PlannedProbe(name=name, probe=make(directory), metrics=metrics, beat=beat))
        except ProcessLookupError:
            raise
        except OSError as error:
            missing.update(dict.fromkeys(metrics, reason_of(error)))
    known = [each.probe.peer_of for each in probes if isinstance(each.probe, connections.ConnectionsProbe)]
    threads = parked.ParkedProbe(directory, *known)
    probes.append(PlannedProbe(name="parked threads", probe=threads, metrics=parked.METRICS, beat=CHILDREN))
    asked = agent_connections.AgentConnectionsProbe(directory, *known)
    probes.append(PlannedProbe(name="agent connections", probe=asked, metrics=(), beat=AGENT))
    group = cgroup.CgroupProbe(directory, looked_at)
    probes.append(PlannedProbe(name="cgroup", probe=group, metrics=cgroup.METRICS, beat=SLOW))
    return Plan(
        probes=tuple(probes),
        lifeline=lifeline,
        touched="nothing (read /proc and netlink)",
        missing=missing,
        oom_kills=group.oom_kills,
        name=partial(name_now, directory),
    )


_Row = tuple[str, Callable[[ProcessDirectory], Probe], tuple[str, ...], Beat]


def _children_seen_by(looked_at: Callable[[], Collection[int]]) -> _Row:
    return "children", partial(children.ChildrenProbe, looked_at=looked_at), children.METRICS, CHILDREN


_LINUX_PROBES: Final[tuple[_Row, ...]] = (
    ("statm", memory.StatmProbe, memory.STATM_METRICS, EVERY_SAMPLE),
    ("stat", processor.ProcessorProbe, processor.METRICS, EVERY_SAMPLE),
    ("fd", descriptors.DescriptorsProbe, descriptors.METRICS, EVERY_SAMPLE),
    ("sockets", connections.ConnectionsProbe, connections.METRICS, CONNECTIONS),
    ("status", memory.StatusProbe, memory.STATUS_METRICS, SLOW),
    ("descriptor kinds", descriptor_kinds.DescriptorKindsProbe, (), CHILDREN),
    ("descriptor targets", descriptor_targets.DescriptorTargetsProbe, descriptor_targets.METRICS, SLOW),
    ("pressure", pressure.PressureProbe, pressure.METRICS, SLOW),
    ("zombies", zombies.ZombiesProbe, zombies.METRICS, CHILDREN),
    ("maps", mappings.MappingsProbe, mappings.METRICS, SLOW),
    ("limits", descriptors.OpenFilesLimitProbe, (), RARE),
    ("agent", agent.AgentProbe, (), SLOW),
)
