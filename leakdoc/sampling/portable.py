"""Sampling where there is no /proc (macOS, Windows): what psutil tells, and which metrics it does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from leakdoc.model.sample import Column, Reason
from leakdoc.model.subject import ProcessIdentity
from leakdoc.sampling.exit_status import ExitStatus
from leakdoc.sampling.naming import display_name
from leakdoc.sampling.plan import EVERY_SAMPLE, SLOW, Plan, PlannedProbe
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.process import Target, access_denied, gone, make_target
from leakdoc.sampling.sockets.peers import KIND_OF_PORT, OUT, UNKNOWN_KIND, Group, incoming

if TYPE_CHECKING:
    import psutil

# What only Linux's /proc and netlink tell.
MISSING: Final = (
    "shared_bytes", "private_bytes", "anon_bytes", "file_bytes", "swap_bytes", "heap_mapped_bytes",
    "shmem_bytes", "rss_peak_bytes", "page_faults_total", "memory_pressure_seconds_total",
    "limit_bytes", "oom_kills_total", "cgroup_memory_bytes", "cgroup_events_total",
    "connection_idle_max_s", "connection_idle_median_s", "connection_oldest_s",
)  # fmt: skip


def portable_target(pid: int) -> Target:
    """Find the process with this pid.

    Raises:
        TargetGone: there is none.
        AccessDenied: the system does not show it to us.
    """
    with _refusals_of(pid):
        process = _process(pid)
        identity = ProcessIdentity(pid=pid, started_at=process.create_time())
        return make_target(identity, display_name(_command_line(process), process.name()))


def portable_plan(target: Target) -> Plan:
    """Return the plan of what psutil tells.

    Raises:
        TargetGone: the process has ended.
        AccessDenied: the system does not show it to us.
    """
    with _refusals_of(target.pid):
        process = _process(target.pid)
        if process.create_time() != target.identity.started_at:
            raise gone(target.pid)
    descriptors = getattr(process, "num_fds", None) or getattr(process, "num_handles")  # noqa: B009 - on Windows only
    return Plan(
        probes=(
            _planned("memory", _Number("rss_bytes", lambda: process.memory_info().rss)),
            _planned("descriptors", _Number("open_fds", descriptors)),
            _planned("threads", _Number("threads", process.num_threads)),
            PlannedProbe(name="sockets", probe=_Connections(process), metrics=("connections",), beat=SLOW),
        ),
        lifeline=_PsutilLifeline(process),
        touched="nothing (read through psutil)",
        missing=dict.fromkeys(MISSING, Reason.UNSUPPORTED),
    )


class _Number:
    """One number that psutil tells."""

    def __init__(self, metric: str, read: Callable[[], float]) -> None:
        self.metric = metric
        self._read = read

    def read(self, reading: Reading) -> None:
        with _as_os_errors():
            reading.values[Column(self.metric)] = float(self._read())


class _Connections:
    """Connections by peer and state, without ages."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process

    def read(self, reading: Reading) -> None:
        with _as_os_errors():
            found = self._process.net_connections("tcp")
        listening = {each.laddr.port for each in found if each.status == "LISTEN"}
        counts = Counter(
            Column.of("connections", **_labels(each.laddr.port, each.raddr, listening), state=str(each.status))
            for each in found
            if each.raddr
        )
        reading.values[Column("connections")] = float(counts.total())
        reading.values.update((column, float(count)) for column, count in counts.items())


class _PsutilLifeline:
    """A process as psutil tells it from others: by pid and start."""

    descriptor: int | None = None

    def __init__(self, process: psutil.Process) -> None:
        self._process = process

    def has_ended(self) -> bool:
        import psutil

        try:
            return not self._process.is_running() or self._process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            return False  # it is there: only what there is can be denied

    def exit_status(self) -> ExitStatus | None:
        return None


def _planned(name: str, probe: _Number) -> PlannedProbe:
    return PlannedProbe(name=name, probe=probe, metrics=(probe.metric,), beat=EVERY_SAMPLE)


def _labels(local_port: int, remote: tuple[str, int], listening: set[int]) -> dict[str, str]:
    if local_port in listening:
        return incoming(local_port).labels
    address, port = remote
    host = f"[{address}]" if ":" in address else address
    return Group(OUT, f"{host}:{port}", KIND_OF_PORT.get(port, UNKNOWN_KIND)).labels


def _command_line(process: psutil.Process) -> list[str]:
    """Return the arguments of a process; none where they are not ours to read, as of others' processes on macOS."""
    import psutil

    try:
        return process.cmdline()
    except psutil.AccessDenied:
        return []


def _process(pid: int) -> psutil.Process:
    import psutil

    return psutil.Process(pid)


@contextmanager
def _refusals_of(pid: int) -> Iterator[None]:
    """Turn what psutil raises on the way to a target into our own errors."""
    try:
        with _as_os_errors():
            yield
    except PermissionError:
        raise access_denied(pid) from None
    except ProcessLookupError:
        raise gone(pid) from None


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """Turn what psutil raises into what a probe may raise."""
    import psutil

    try:
        yield
    except psutil.AccessDenied as error:
        raise PermissionError(str(error)) from error
    except (psutil.NoSuchProcess, psutil.ZombieProcess) as error:
        raise ProcessLookupError(str(error)) from error
