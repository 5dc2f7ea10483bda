"""One workload of a Prometheus, by the name that a person gives it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from leakdoc.errors import UnreadableSource, UsageError
from leakdoc.model.trace import Trace
from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import Conventions
from leakdoc.sampling.sources.prometheus.fetching import Fetched
from leakdoc.sampling.sources.prometheus.fleet import Fleet, Window
from leakdoc.sampling.sources.prometheus.inventory import Listed
from leakdoc.sampling.sources.prometheus.promql import escaped
from leakdoc.sampling.sources.prometheus.protobuf import MATCHES, Matcher
from leakdoc.sampling.sources.prometheus.traces import trace_of

_NAMED: Final = 8  # in one message
_INSTANCE: Final = "instance"


def trace_of_workload(
    prometheus: Prometheus, conventions: Conventions, window: Window, name: str, *, match: Sequence[Matcher] = (),
    stable: str | None = None,
) -> Trace:  # fmt: skip
    """Return the trace of a workload of a server, asking for no other where its whole name is given.

    Args:
        name: as for `workload_trace`.
        match: what labels must be.
        stable: the workload that runs the old build, where that is called otherwise; its processes are this one's too.

    Raises:
        UsageError: as for `workload_trace`.
        SourceError: the server refuses.
    """
    fleet = _fleet_with(prometheus, conventions, window, name, match)
    if stable is None:
        return workload_trace(fleet, name)
    beside = _fetched(_fleet_with(prometheus, conventions, window, stable, match), stable)
    return _joined(name, fleet.conventions, _fetched(fleet, name), beside)


def _fleet_with(
    prometheus: Prometheus, conventions: Conventions, window: Window, name: str, match: Sequence[Matcher]
) -> Fleet:
    begins = None
    for fleet in _narrowed(prometheus, conventions, window, name, match):
        names = [each.name for each in fleet.inventory.subjects]
        if any("/".join(each) == name.strip("/ ") for each in names):
            return fleet
        if begins is None and _any_begins(names, name):
            begins = fleet
    return begins or Fleet(prometheus, conventions, window, match=match)


def is_there(prometheus: Prometheus, conventions: Conventions, window: Window, name: str) -> bool:
    """Whether there is a workload of this name, by its labels alone: no fleet is listed to find that there is none.

    Raises:
        SourceError: the server refuses.
    """
    fleets = _narrowed(prometheus, conventions, window, name, ())
    return any(_any_begins([each.name for each in fleet.inventory.subjects], name) for fleet in fleets)


def _any_begins(names: Sequence[tuple[str, ...]], name: str) -> bool:
    wanted = tuple(name.strip("/ ").split("/"))
    return any(each[: len(wanted)] == wanted for each in names)


def _narrowed(
    prometheus: Prometheus, conventions: Conventions, window: Window, name: str, match: Sequence[Matcher]
) -> Iterator[Fleet]:
    for narrowed in _labels_of(name, conventions.cluster_labels):
        yield Fleet(prometheus, conventions, window, match=[*match, *narrowed])


def _labels_of(name: str, cluster_labels: Sequence[str]) -> Iterator[list[Matcher]]:
    """What the labels of a workload of this name may be: a fleet is not listed for each look at one of its pods."""
    parts = name.strip("/ ").split("/")
    if len(parts) > 1 and all(parts):
        yield [Matcher("namespace", parts[0]), Matcher("pod", f"{escaped(parts[1])}(-.*)?", MATCHES)]
    if len(parts) in (2, 3) and all(parts):  # the third is what an exporter tells of: a machine, a database
        yield [Matcher("job", parts[0]), Matcher("instance", parts[1])]
    if len(parts) > 2 and all(parts):
        pod = f"{escaped(parts[2])}(-.*)?"
        for label in cluster_labels:
            yield [Matcher(label, parts[0]), Matcher("namespace", parts[1]), Matcher("pod", pod, MATCHES)]


def workload_trace(fleet: Fleet, name: str) -> Trace:
    """Return the trace of a workload: all its pods or instances as lives of one subject.

    Args:
        name: as a scan calls it (``shop/api/web``); its end alone where only one ends so (``api/web``); or a job, whose
            instances are then its processes.

    Raises:
        UsageError: no workload is called so, or several are.
        SourceError: the server does not give its samples.
    """
    return _joined(name, fleet.conventions, _fetched(fleet, name))


def _fetched(fleet: Fleet, name: str) -> list[Fetched]:
    return fleet.fetched(find_workload(fleet.inventory.subjects, name))


def _joined(name: str, conventions: Conventions, own: Sequence[Fetched], beside: Sequence[Fetched] = ()) -> Trace:
    listed = own[0].listed
    joined = Fetched(listed, [each for one in (*own, *beside) for each in one.parts], {})
    for one in (*own, *beside):
        joined.unread |= one.unread
    called = inert("/".join(listed.name) if len(own) == 1 else name, longest=300)
    trace = trace_of(joined, conventions, called)
    if not len(trace):
        raise UnreadableSource(f"there are no samples of {called} in the window", help="Look further back: --since.")
    return trace


def find_workload(subjects: Sequence[Listed], name: str) -> list[Listed]:
    """Return the subject that is called so, or the instances of the job that is.

    Raises:
        UsageError: as for `workload_trace`.
    """
    wanted = tuple(part for part in name.strip().split("/") if part)
    exact = [each for each in subjects if each.name == wanted or "/".join(each.name) == name.strip()]
    if exact:
        return exact
    begins = [each for each in subjects if wanted and each.name[: len(wanted)] == wanted]
    own = [each for each in begins if _is_instance(each) and len(each.name) == len(wanted) + 1]
    if own and all(each.name[: len(wanted) + 1] in {one.name for one in own} for each in begins):
        return own  # and not what they tell of: a machine, a database
    found = begins or [
        each for each in subjects if wanted and (each.name[-len(wanted) :] == wanted or each.name[-2:-1] == wanted)
    ]
    if len(found) == 1:
        return found
    raise _not_one(subjects, name, found)


def _is_instance(listed: Listed) -> bool:
    return all(label == _INSTANCE for splits in listed.metrics.values() for label, _ in splits)


def _not_one(subjects: Sequence[Listed], name: str, found: Sequence[Listed]) -> UsageError:
    names = ["/".join(each.name) for each in found or subjects]
    near = names if found else get_close_matches(name, names, n=_NAMED, cutoff=0.3) or names
    shown = ", ".join(inert(each) for each in near[:_NAMED])
    more = f" and {len(near) - _NAMED} more" if len(near) > _NAMED else ""
    what = f"{len(found)} workloads are called" if found else "no workload is called"
    help = (
        f"There are: {shown}{more}." if names else "Nothing in the window has a metric to judge; see --since, --match."
    )
    return UsageError(f"{what} {inert(name)!r}", help=help)
