"""A look at a subject's connections alone: watched until a fault is decided, and told peer by peer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.detection.watch import Progress, Watch, Watched
from leakdoc.errors import UsageError
from leakdoc.sampling.plan import DATABASE, LOOKING, PlannedProbe
from leakdoc.sampling.target import Target, resolve

if TYPE_CHECKING:
    from leakdoc.detection.policies import Policies
    from leakdoc.model.diagnosis import Diagnosis
    from leakdoc.model.peer import PeerSummary
    from leakdoc.sampling.probes.connections import ConnectionsProbe
    from leakdoc.sampling.probes.sessions import Server
    from leakdoc.sampling.samplers import Samples

FOR_S: Final = 40.0  # growth needs thirty samples and twenty seconds to be told from a start
INTERVAL_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What a look at connections has seen; in all else it is as what a watch returns."""

    watched: Watched
    peers: tuple[PeerSummary, ...]

    @property
    def diagnosis(self) -> Diagnosis:
        """The verdict on connections, descriptors, threads and children."""
        return self.watched.diagnosis


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A look that has not begun.

    Args:
        sockets: what reads the sockets of a single process on Linux; else null.
    """

    watch: Watch
    target: Target
    sockets: ConnectionsProbe | None

    def run(self) -> Look:
        """Look, in this thread, until there is a reason to stop; raises as `Watch.run` does."""
        from leakdoc.detection.peer_summaries import peer_summaries

        watched = _without_itself(self.watch.run())
        return Look(watched=watched, peers=peer_summaries(watched.trace, watched.diagnosis.findings))


def _without_itself(watched: Watched) -> Watched:
    """Leave out of what is worth running next what has just been run."""
    asks_more = "--stacks"
    kept = tuple(
        each for each in watched.diagnosis.next if each.argv[:2] != ("leakdoc", "connections") or asks_more in each.argv
    )
    return replace(watched, diagnosis=replace(watched.diagnosis, next=kept))


def prepare(
    target: int | str,
    *,
    children: bool = False,
    for_s: float | None = FOR_S,
    interval_s: float = INTERVAL_S,
    record: str | Path | None = None,
    stop_when_decided: bool = True,
    asked: Collection[str] | None = None,
    policies: Policies | None = None,
    postgres: str | None = None,
    mysql: str | None = None,
    redis: str | None = None,
    more: Callable[[Target], Sequence[PlannedProbe]] = lambda _: (),
    on_progress: Callable[[Progress], None] | None = None,
) -> Prepared:
    """Make a look ready to run; everything is as in `connections`, and `more` gives probes beside those there are."""
    from leakdoc.detection.detectors.table import OF_CONNECTIONS

    found = resolve(str(target), children=children)
    asked_servers = {"postgres": postgres, "mysql": mysql, "redis": redis}
    references = {name: where for name, where in asked_servers.items() if where is not None}
    sampler, sockets = _sampler(found, references, more)
    watch = Watch(
        sampler,
        interval_s=interval_s,
        for_s=for_s,
        record=record,
        stop_when_decided=stop_when_decided,
        asked=asked,
        policies=policies,
        on_progress=on_progress,
        detectors=OF_CONNECTIONS,
    )
    return Prepared(watch=watch, target=found, sockets=sockets)


def connections(
    target: int | str,
    *,
    children: bool = False,
    for_s: float | None = FOR_S,
    interval_s: float = INTERVAL_S,
    record: str | Path | None = None,
    stop_when_decided: bool = True,
    asked: Collection[str] | None = None,
    policies: Policies | None = None,
    postgres: str | None = None,
    mysql: str | None = None,
    redis: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Look:
    """Look at the connections of a process, or of all that belong to a subject.

    Args:
        target: a pid, or what `leakdoc watch` takes.
        asked: the detectors whose faults end the look before its time; null for all of them.
        postgres: where the DSN of its PostgreSQL is, ``env:NAME`` or ``file:PATH``; null to ask no database.
        mysql: the same of its MySQL or MariaDB: ``mysql://USER:PASSWORD@HOST:3306``.
        redis: the same of its Redis or Valkey: ``redis://USER:PASSWORD@HOST:6379``.
        stop: ends the look soon once it is set; what was seen by then is judged.

    Returns:
        The verdict on connections, descriptors, threads and children, and each peer.

    Raises:
        TargetGone, AccessDenied, UsageError: there is no such process, or it is not ours to look at.
        LeakdocError: the database cannot be asked, or the recording not written.
    """

    def tell(progress: Progress) -> None:
        if stop is not None and stop.is_set():
            look.watch.stop()
        if on_progress is not None:
            on_progress(progress)

    look = prepare(
        target,
        children=children,
        for_s=for_s,
        interval_s=interval_s,
        record=record,
        stop_when_decided=stop_when_decided,
        asked=asked,
        policies=policies,
        postgres=postgres,
        mysql=mysql,
        redis=redis,
        on_progress=tell,
    )
    return look.run()


def _sampler(
    target: Target, references: Mapping[str, str], more: Callable[[Target], Sequence[PlannedProbe]]
) -> tuple[Samples, ConnectionsProbe | None]:
    """Return what samples the target, with the probes that were asked for, and the one of them that knows sockets."""
    from leakdoc.sampling.plans import plan_for
    from leakdoc.sampling.sampler import Sampler

    if target.crew is not None:
        return _of_many(target, asks_one=bool(references) or bool(more(target))), None
    plan = plan_for(target)
    sockets = _sockets(plan.probes)
    added = [*more(target), *(_asked_server(name, where, sockets) for name, where in references.items())]
    looking = [replace(each, beat=LOOKING) if each.probe is sockets else each for each in plan.probes]
    return Sampler(target, replace(plan, probes=(*looking, *added))), sockets


def _sockets(probes: Sequence[PlannedProbe]) -> ConnectionsProbe | None:
    try:
        from leakdoc.sampling.probes.connections import ConnectionsProbe
    except ImportError:  # not Linux
        return None
    return next((each.probe for each in probes if isinstance(each.probe, ConnectionsProbe)), None)


def _of_many(target: Target, *, asks_one: bool) -> Samples:
    from leakdoc.sampling.samplers import sampler_of

    if asks_one:
        raise UsageError(
            f"{target.name} is several processes", help="The database, and stacks, are asked of one: give its pid."
        )
    return sampler_of(target)


def _asked_server(name: str, reference: str, sockets: ConnectionsProbe | None) -> PlannedProbe:
    from leakdoc.sampling.probes import sessions
    from leakdoc.sampling.secret_reference import secret_of

    secret = secret_of(reference)
    if sockets is None:
        raise UsageError(
            "sessions are joined to sockets, and those of this process are not shown here",
            help=f"Leave --{name} out, or run as its user or as root: `leakdoc doctor` says what is missing.",
        )
    view = sessions.SessionsProbe(_server(name, secret), sockets.peer_of_port)
    return PlannedProbe(name=name, probe=view, metrics=sessions.METRICS, beat=DATABASE)


def _server(name: str, secret: str) -> Server:
    """Open a session at a server that is to be asked; raises as the servers do."""
    from leakdoc.sampling.probes import mysql, postgres, redis

    servers: dict[str, Callable[[str], Server]] = {
        "postgres": postgres.Postgres,
        "mysql": mysql.Mysql,
        "redis": redis.Redis,
    }
    return servers[name](secret)
