"""Control groups found by path, by the name of a unit of systemd, or by the id of a container."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from leakdoc.sampling.crew.belonging import paths_of

_SUFFIXES: Final = (".service", ".scope", ".slice", ".socket", ".mount")
_ID: Final = re.compile(r"[0-9a-f]{6,64}")
# docker-<id>.scope, cri-containerd-<id>.scope, crio-<id>.scope, libpod-<id>.scope, and /docker/<id>, /kubepods/…/<id>
_CONTAINER: Final = re.compile(r"(?:[a-z]+(?:-[a-z]+)*-)?([0-9a-f]{64})(?:\.scope)?")
_MOUNTED_AT: Final = "/sys/fs/cgroup"


def paths_by_pid(pids: Iterable[int]) -> dict[int, set[str]]:
    """Return the paths of the groups that each process is in, the roots left out."""
    return {pid: paths for pid in pids if (paths := paths_of(pid))}


def group_path(text: str, every: Iterable[str]) -> str | None:
    """Return the group that a path means: as `/proc/PID/cgroup` writes it, or as it is mounted; null when none does."""
    wanted = "/" + text.removeprefix(_MOUNTED_AT).strip("/")
    _, _, below_controller = wanted[1:].partition("/")
    paths = set(every)
    for each in (wanted, f"/{below_controller}"):
        if each != "/" and any(path == each or path.startswith(f"{each}/") for path in paths):
            return each
    return None


def unit_paths(name: str, every: Iterable[str]) -> set[str]:
    """Return the groups of a unit of systemd; a name without a suffix is that of a service, or of a scope."""
    names = {name} if name.endswith(_SUFFIXES) else {f"{name}.service", f"{name}.scope"}
    return {found for path in every if (found := _up_to(path, names))}


def container_paths(identity: str, every: Iterable[str]) -> dict[str, str]:
    """Return the groups of the containers whose id starts so: id to path."""
    if not _ID.fullmatch(identity):
        return {}
    found = {}
    for path in every:
        parts = path.split("/")
        for place, part in enumerate(parts):
            match = _CONTAINER.fullmatch(part)
            if match and match[1].startswith(identity):
                found[match[1]] = "/".join(parts[: place + 1])
    return found


def _up_to(path: str, names: set[str]) -> str | None:
    parts = path.split("/")
    place = next((place for place, part in enumerate(parts) if part in names), None)
    return None if place is None else "/".join(parts[: place + 1])
