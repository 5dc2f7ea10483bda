"""The series of one subject put together as a trace: processes as lives, columns on one axis of time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Facts, FloatArray, Life, Trace
from leakdoc.sampling.assembly import LifeName, LooseRows, assemble
from leakdoc.sampling.sources.prometheus.conventions import Conventions, Meaning
from leakdoc.sampling.sources.prometheus.fetching import Fetched, Part
from leakdoc.sampling.sources.prometheus.inventory import BUILD, FACTS, FILES_LIMIT, LAST_OOM, LIMIT, RESTARTS, START
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.readings import Readings, by_column, column_of, joined, union_of, used_of
from leakdoc.sampling.sources.prometheus.workers import Worker, workers_of

_SAME_START_S: Final = 2.0  # exporters compute a start from uptime, and round it as they like
_ALIVE: Final = 5.0  # usual pauses between samples, after which a process that has none is taken to have ended
_NO_LIMIT: Final = 2.0**62  # control groups and RLIM_INFINITY say a number of this size where there is none
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Process:
    """One process: its columns by their text, and its life at every instant."""

    columns: dict[str, Readings]
    times: FloatArray
    life: IntArray
    lives: list[LifeName]
    sharing: int | None = None  # whose limit it is, with others


def trace_of(fetched: Fetched, conventions: Conventions, name: str) -> Trace:
    """Return a subject's trace.

    Args:
        name: of the subject.

    Returns:
        Rows of all processes; what a process does not have is missing. Readings that are not finite are left out, stale
        markers among them. Facts hold the limit of the processes that are there at the end, together.
    """
    wholes = [workers_of(parts, conventions) for parts in _by_process(fetched.parts)]
    processes = [_of_worker(each, conventions, at) for at, whole in enumerate(wholes) for each in whole.each]
    rows = _rows([each for each in processes if len(each.times)])
    alive = _alive(processes)
    facts = Facts(
        limit_bytes=_at_end(alive, LIMIT),
        open_files_limit=_at_end(alive, FILES_LIMIT),
        unavailable=dict(fetched.unread),
        blind_spots=_unread_processes(fetched, processes),
        notes=(*_notes(processes), *sorted({whole.note for whole in wholes if whole.note is not None})),
        touched="nothing (read from Prometheus)",
    )
    subject = Subject(kind=SubjectKind.WORKLOAD, name=name)
    if len(processes) == 1:  # its rows are in order already
        return Trace(subject=subject, times=rows.times, lives=_in_order(rows), columns=rows.columns, facts=facts)
    return assemble(subject, rows, facts)


def _in_order(rows: LooseRows) -> tuple[Life, ...]:
    """The lives of rows that stand in the order of their lives."""
    stops = np.searchsorted(rows.life, np.arange(len(rows.lives)), side="right").tolist() if len(rows.life) else []
    starts = [0, *stops[:-1]]
    return tuple(
        Life(first=first, stop=stop, started_at=name.started_at, version=name.version, limit_bytes=name.limit_bytes)
        for first, stop, name in zip(starts, stops, rows.lives, strict=bool(stops))
    )


def _by_process(parts: Iterable[Part]) -> Iterable[list[Part]]:
    found: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        found.setdefault(part.identity.process, []).append(part)
    return [found[key] for key in sorted(found)]


def _of_worker(worker: Worker, conventions: Conventions, whole: int) -> _Process:
    process = _process(worker.parts, conventions)
    if not worker.shares_limit:
        return process
    return replace(process, sharing=whole, lives=[replace(each, limit_bytes=None) for each in process.lives])


def _process(parts: Sequence[Part], conventions: Conventions) -> _Process:
    series: dict[Meaning, list[RawSeries]] = {}
    for part in parts:
        usable = part.series.usable().positive() if part.meaning.positive else part.series.usable()
        if len(usable.times):
            series.setdefault(part.meaning, []).append(usable)
    columns: dict[str, Readings] = {}
    left: set[str] = set()
    for meaning in sorted(series, key=conventions.rank) if len(series) > 1 else series:
        for column, of_column in by_column(meaning, series[meaning]):
            name = column.text
            if name not in columns or (name == LIMIT and not _limits(columns[LIMIT].values)):
                columns[name] = replace(column_of(meaning, of_column, conventions), labels=column.labels)
                if meaning.left_of_limit:
                    left.add(name)
            elif not meaning.left_of_limit and name not in left:
                columns[name] = joined(columns[name], column_of(meaning, of_column, conventions))
    for name in left:
        columns[name] = used_of(columns[name], columns.get(LIMIT))
    judged = [readings for name, readings in columns.items() if name not in FACTS]
    times = union_of([each.times for each in judged])
    life, lives = _lives(columns, times)
    return _Process(columns, times, life, lives)


def _lives(columns: dict[str, Readings], times: FloatArray) -> tuple[IntArray, list[LifeName]]:
    """Tell the lives of one process apart: by its start, and by its build."""
    starts = columns.get(START)
    versions = _builds(columns)
    if len(versions) < 2 and len(times) and (starts is None or _is_constant(starts.values)):
        return np.zeros(len(times), dtype=np.intp), [
            LifeName(
                started_at=None if starts is None else float(starts.values[0]),
                version=versions[0][1] if versions else None, limit_bytes=_limit(columns, float(times[-1])),
            )
        ]  # fmt: skip
    begun = np.full(len(times), np.nan)
    if starts is not None and len(starts.times):
        begun = _settled(starts.values)[np.maximum(np.searchsorted(starts.times, times, side="right") - 1, 0)]
    build = np.maximum(np.searchsorted([at for at, _ in versions], times, side="right") - 1, 0) if versions else None
    which = np.zeros(len(times), dtype=np.intp) if build is None else build
    changes = np.zeros(len(times), dtype=bool)
    changes[1:] = (np.diff(which) != 0) | (np.diff(np.nan_to_num(begun, nan=-1.0)) != 0)
    life = np.cumsum(changes).astype(np.intp)
    firsts = np.flatnonzero(np.append(True, np.diff(life) > 0)) if len(life) else np.zeros(0, dtype=np.intp)
    return life, [
        LifeName(
            started_at=None if np.isnan(begun[first]) else float(begun[first]),
            version=versions[which[first]][1] if versions else None,
            limit_bytes=_limit(columns, float(times[stop - 1])),
        )
        for first, stop in zip(firsts, [*firsts[1:], len(times)], strict=bool(len(firsts)))
    ]


def _is_constant(values: FloatArray) -> bool:
    return len(values) > 0 and bool((values == values[0]).all())


def _limit(columns: dict[str, Readings], until: float) -> float | None:
    """The memory limit of a process as it was last told, up to an instant; null where it has none."""
    told = columns.get(LIMIT)
    if told is None or not len(told.times):
        return None
    last = float(told.values[max(int(np.searchsorted(told.times, until, side="right")) - 1, 0)])
    return last if 0.0 < last < _NO_LIMIT else None


def _limits(values: FloatArray) -> bool:
    """Whether any of the readings of a limit is one."""
    return bool(np.any((values > 0.0) & (values < _NO_LIMIT)))


def _builds(columns: dict[str, Readings]) -> tuple[tuple[float, str | None], ...]:
    """From when on which build ran: by the labels of what is judged, else by those that only tell of builds."""
    own = max((each.versions for name, each in columns.items() if name not in FACTS), key=len, default=())
    if any(build is not None for _, build in own) or BUILD not in columns:
        return own
    return columns[BUILD].versions


def _settled(starts: FloatArray) -> FloatArray:
    """Starts that wobble by less than two seconds are one start."""
    settled = starts.copy()
    for at in np.flatnonzero(np.abs(np.diff(starts)) > 0) + 1:
        if abs(settled[at] - settled[at - 1]) <= _SAME_START_S:
            settled[at:] = np.where(starts[at:] == starts[at], settled[at - 1], settled[at:])
    return settled


def _rows(processes: Sequence[_Process]) -> LooseRows:
    names = sorted({name for each in processes for name in each.columns if name not in FACTS})
    total = sum(len(each.times) for each in processes)
    labels = {name: readings.labels for each in processes for name, readings in each.columns.items()}
    columns = {name: np.full(total, np.nan) for name in names}
    life = np.zeros(total, dtype=np.intp)
    lives: list[LifeName] = []
    first = 0
    for each in processes:
        stop = first + len(each.times)
        life[first:stop] = each.life + len(lives)
        lives.extend(each.lives)
        for name, readings in each.columns.items():
            if name not in FACTS:
                at: slice | IntArray = slice(first, stop)
                if readings.times is not each.times:
                    at = first + np.searchsorted(each.times, readings.times)
                columns[name][at] = readings.values
        first = stop
    times = np.concatenate([each.times for each in processes]) if processes else np.zeros(0)
    return LooseRows(
        times=times,
        life=life,
        lives=lives,
        columns={Column(name.partition("{")[0], labels[name]): values for name, values in columns.items()},
    )


def _alive(processes: Sequence[_Process]) -> list[_Process]:
    """The processes that are there at the end."""
    there = [each for each in processes if len(each.times) > 1]
    end = max((float(each.times[-1]) for each in there), default=0.0)
    return [each for each in there if each.times[-1] >= end - _ALIVE * _usual_pause(each.times)]


def _usual_pause(times: FloatArray) -> float:
    """The usual pause between samples, by the middle one of the last few: quicker than a median of all."""
    steps = sorted(np.diff(times[-12:]).tolist())
    return float(steps[len(steps) // 2])


def _at_end(alive: Sequence[_Process], column: str) -> float | None:
    """The last reading of a limit, summed over the processes that are there at the end; null where one has none."""
    told = [each.columns[column].values[-1] for each in alive if column in each.columns]
    if not told or len(told) < len(alive) or min(told) <= 0 or max(told) >= _NO_LIMIT:
        return None
    if column == LIMIT:  # each has its part of one that several share
        sharing = Counter(each.sharing for each in alive)
        told = [n if each.sharing is None else n / sharing[each.sharing] for n, each in zip(told, alive, strict=True)]
    return float(sum(told))


def _unread_processes(fetched: Fetched, processes: Sequence[_Process]) -> tuple[str, ...]:
    left_out, of = fetched.listed.left_out, fetched.listed.left_out + len(processes)
    if not left_out:
        return ()
    told = f"{left_out:,} of {of:,} processes: all of them would not fit into memory"
    return (f"{told}; every n-th by name was read, and the few that rose most",)


def _notes(processes: Sequence[_Process]) -> Iterable[str]:
    restarts = sum(_increase(each.columns[RESTARTS].values) for each in processes if RESTARTS in each.columns)
    if restarts:
        yield f"restarts in the window, by kube-state-metrics: {restarts:.0f}"
    killed = [each for each in processes if LAST_OOM in each.columns and np.any(each.columns[LAST_OOM].values > 0)]
    if killed:
        yield f"containers whose last end was an OOM kill: {len(killed)}"


def _increase(counter: FloatArray) -> float:
    """How much a counter rose, resets taken as starts from zero."""
    steps = np.diff(counter)
    return float(np.sum(np.where(steps < 0, counter[1:], steps)))
