"""What each form of a target means, and what is said when nothing fits."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from leakdoc.errors import AccessDenied, TargetGone, UsageError
from leakdoc.model.subject import SubjectKind
from leakdoc.redact import inert
from leakdoc.sampling.crew.belonging import DescendsFrom, InGroup
from leakdoc.sampling.crew.roster import listed_pids
from leakdoc.sampling.crew.sampler import EMPTY_FOR_S
from leakdoc.sampling.process import Crew, Target
from leakdoc.sampling.target_of import target_of
from leakdoc.sampling.targets.by_group import container_paths, group_path, paths_by_pid, unit_paths
from leakdoc.sampling.targets.by_name import named
from leakdoc.sampling.targets.by_port import listening_on
from leakdoc.sampling.targets.choosing import ambiguous, leader_of
from leakdoc.sampling.targets.forms import FORMS
from leakdoc.sampling.targets.running import Running, running

_HIGHEST_PORT: Final = 65_535
_ID_LENGTH: Final = 12  # what `docker ps` shows


def find(kind: str, text: str, asked: str, *, children: bool) -> Target:
    """Find what ``kind:text`` names; errors are those of `resolve`.

    A name or a port that several processes of one family share, as those of a prefork server do, is the whole family.
    """
    if kind in ("", "name"):
        everyone = running()
        found = _listeners(text, everyone) if not kind else _named(text, everyone)
        target = target_of(leader_of(found, everyone, asked).pid)
        return with_family(target) if children or len(found) > 1 else target
    finder = _GROUPS.get(kind)
    if finder is None:
        raise UsageError(f"not a target: {inert(asked)!r}", help=f"Give {FORMS}.")
    if sys.platform != "linux":
        raise UsageError(f"{kind}: names a control group, which this system does not have", help=f"Give {FORMS}.")
    by_pid = paths_by_pid(listed_pids())
    name, path = finder(text, {path for paths in by_pid.values() for path in paths}, asked)
    return _of_group(name, path)


def with_family(target: Target) -> Target:
    """Return the same target with all that it has started, and will start."""
    subject = replace(target.subject, kind=SubjectKind.TREE)
    return replace(target, subject=subject, crew=Crew(belonging=DescendsFrom(target.pid)))


def the_only_process(target: Target, asked: str) -> Target:
    """Return the one process of a target.

    Raises:
        UsageError: there are several.
    """
    assert target.crew is not None
    everyone = running()
    found = target.crew.belonging.among(everyone.keys(), set())
    if len(found) <= 1:
        return target_of(target.pid)
    raise ambiguous(asked, [f"  {pid:<8} {everyone[pid].name}" for pid in sorted(found)])


def _listeners(text: str, everyone: Mapping[int, Running]) -> list[Running]:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _HIGHEST_PORT):
        raise UsageError(f"not a port: {inert(text)!r}", help="Write it like :8080.")
    found, somebody = listening_on(int(text), everyone)
    if found:
        return found
    if somebody:
        raise AccessDenied(
            f"who listens on port {text} is another user's process", help="Run leakdoc as that user, or with sudo."
        )
    raise TargetGone(f"nobody listens on TCP port {text}", help="List who listens with: ss -ltnp")


def _named(pattern: str, everyone: Mapping[int, Running]) -> list[Running]:
    found = named(pattern, everyone)
    if not found:
        raise TargetGone(
            f"no process is named {inert(pattern)!r}",
            help="Quote a pattern, as in 'name:payments*'; list names with: ps -eo pid,comm,args",
        )
    return found


def _group(text: str, every: set[str], asked: str) -> tuple[str, str]:
    path = group_path(text, every)
    if path is None:
        raise TargetGone(
            f"no process is in {inert(asked)}", help="List groups with: systemd-cgls, or cat /proc/PID/cgroup"
        )
    return path.rpartition("/")[2], path


def _unit(text: str, every: set[str], asked: str) -> tuple[str, str]:
    paths = unit_paths(text, every)
    if not paths:
        raise TargetGone(
            f"no process is in {inert(asked)}", help="List units with: systemctl list-units --state=running"
        )
    if len(paths) > 1:
        raise ambiguous(asked, [f"  cgroup:{path}" for path in sorted(paths)])
    (path,) = paths
    return path.rpartition("/")[2], path


def _container(text: str, every: set[str], asked: str) -> tuple[str, str]:
    found = container_paths(text.lower(), every)
    if not found:
        raise _nobody_in(asked, "Give an id as `docker ps` or `crictl ps` shows it, on the container's own host.")
    if len(found) > 1:
        raise ambiguous(asked, [f"  container:{each[:_ID_LENGTH]}" for each in sorted(found)])
    ((identity, path),) = found.items()
    return f"container {identity[:_ID_LENGTH]}", path


def _nobody_in(asked: str, help: str) -> TargetGone:
    return TargetGone(f"no process that we can see is in {inert(asked)}", help=help)


def _of_group(name: str, path: str) -> Target:
    belonging = InGroup(path)
    everyone = running()
    members = belonging.among(everyone.keys(), set())
    if not members:
        raise TargetGone(f"no process is in the control group {inert(path)}")
    oldest = min((everyone[pid] for pid in members), key=lambda each: (each.began, each.pid))
    target = target_of(oldest.pid)
    subject = replace(target.subject, kind=SubjectKind.CGROUP, name=inert(name), pid=None, started_at=None)
    crew = Crew(belonging=belonging, waits_empty_s=EMPTY_FOR_S)
    return replace(target, name=subject.name, subject=subject, crew=crew)


_GROUPS: Final[Mapping[str, Callable[[str, set[str], str], tuple[str, str]]]] = {
    "cgroup": _group,
    "unit": _unit,
    "container": _container,
}
