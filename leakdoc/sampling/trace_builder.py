"""Samples gathered one by one into a trace, without numpy until the trace is asked for."""

from __future__ import annotations

from array import array
from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import ProcessIdentity, Subject

if TYPE_CHECKING:
    from leakdoc.model.trace import Facts, FloatArray, Trace
    from leakdoc.sampling.assembly import LooseRows

# 3 MB, and some 6 MB more while they are looked at: hours of one process at one sample a second, whole, and as long
# as one likes thinned. Twice as many would take a watch beyond the 45 MB that it may have.
MOST_VALUES: Final = 250_000
_ROW: Final = "I"  # 32 bits, wherever Python runs: more rows than a trace may have


class TraceBuilder:
    """A growing trace of one subject; `add` costs the values of the sample, whatever came before.

    Only values that were read are kept (a row number and a number each), so that columns which come and go, as those
    of peers do, cost nothing while they are away. Beyond `most_values` of them every second sample of the older half
    is dropped, of each life: what is left are readings as they were taken, and memory stays flat for ever.

    Args:
        most_values: how many are kept.
    """

    def __init__(self, subject: Subject, *, most_values: int = MOST_VALUES) -> None:
        self.subject = subject
        self.dropped = 0
        self._most_values = most_values
        self._values = 0
        self.facts: Facts | None = None
        self._times = array("d")
        self._life_of_row = array(_ROW)
        self._lives: dict[Hashable, int] = {}
        self._identities: list[ProcessIdentity] = []
        self._columns: dict[Column, tuple[array[int], array[float]]] = {}
        self._absences = Absences()

    def __len__(self) -> int:
        return len(self._times)

    def add(self, sample: Sample) -> None:
        """Add one sample; samples of several processes may come in any order."""
        row = len(self._times)
        life = self._life(sample.process)
        self._times.append(sample.at)
        self._life_of_row.append(life)
        for column, value in sample.values.items():
            self._add_value(row, column, value)
        self._values += len(sample.values)
        if sample.unavailable:
            self._absences.add(life, dict(sample.unavailable))
        if self._values > self._most_values:
            self._thin()

    def trace(self) -> Trace:
        """Return what was added so far as a trace; the builder may go on growing."""
        from leakdoc.model.trace import Facts
        from leakdoc.sampling.assembly import assemble

        rows = self._loose()
        facts = self._absences.told_in(self.facts or Facts(), rows)
        if self.dropped:
            facts = replace(
                facts, notes=(*facts.notes, f"{self.dropped} older samples were left out, evenly, of memory")
            )
        return assemble(self.subject, rows, facts)

    def _add_value(self, row: int, column: Column, value: float) -> None:
        kept = self._columns.get(column)
        if kept is None:
            kept = self._columns[column] = array(_ROW), array("d")
        kept[0].append(row)
        kept[1].append(value)

    def _thin(self) -> None:
        """Drop every second row of each life, counted from its first, in the older half."""
        import numpy as np

        row_type = _row_type()
        life = np.array(self._life_of_row, dtype=row_type)
        older = life[: len(life) // 2]
        order = np.argsort(older, kind="stable")
        place = np.arange(len(older)) - np.searchsorted(older[order], older[order])
        keep = np.ones(len(life), dtype=bool)
        keep[order] = place % 2 == 0
        renumbered = (np.cumsum(keep) - 1).astype(row_type)
        self._times = array("d", np.array(self._times)[keep].tobytes())
        self._life_of_row = array(_ROW, life[keep].tobytes())
        for column, (rows, values) in list(self._columns.items()):
            kept = keep[np.frombuffer(rows, dtype=row_type)]
            left = renumbered[np.frombuffer(rows, dtype=row_type)[kept]]
            self._columns[column] = array(_ROW, left.tobytes()), array("d", np.array(values)[kept].tobytes())
            if not len(left):
                del self._columns[column]
        self.dropped += int(np.count_nonzero(~keep))
        self._values = sum(len(rows) for rows, _ in self._columns.values())

    def _life(self, process: ProcessIdentity) -> int:
        key = life_key(process)
        life = self._lives.get(key)
        if life is None:
            life = self._lives[key] = len(self._lives)
            self._identities.append(process)
        return life

    def _loose(self) -> LooseRows:
        import numpy as np

        from leakdoc.sampling.assembly import LifeName, LooseRows

        return LooseRows(
            times=np.array(self._times, dtype=np.float64),
            life=np.array(self._life_of_row, dtype=np.intp),
            lives=[LifeName(pid=each.pid, started_at=each.started_at) for each in self._identities],
            columns={column: self._dense(*kept) for column, kept in self._columns.items()},
        )

    def _dense(self, rows: array[int], values: array[float]) -> FloatArray:
        import numpy as np

        dense = np.full(len(self._times), np.nan)
        dense[np.frombuffer(rows, dtype=_row_type())] = values
        return dense


def _row_type() -> str:
    """What numpy calls the type of a row's number."""
    return f"u{array(_ROW).itemsize}"


class Absences:
    """Why values are missing: the reasons that samples gave, by life and metric; the last reason stands."""

    def __init__(self) -> None:
        self._reasons: dict[int, dict[str, str]] = {}

    def add(self, life: int, reasons: dict[str, str]) -> None:
        """Note the reasons that one sample of a life gave."""
        known = self._reasons.setdefault(life, reasons)
        if known is not reasons:
            known.update(reasons)

    def told_in(self, facts: Facts, rows: LooseRows) -> Facts:
        """Return the facts with what was never read.

        A metric that no life has a reading of is unavailable; one that only some lives lack is a blind spot.
        """
        if not self._reasons:
            return facts
        unavailable = dict(facts.unavailable)
        blind_spots = list(facts.blind_spots)
        for metric in sorted({metric for reasons in self._reasons.values() for metric in reasons}):
            lacking = self._lacking(metric, rows)
            if lacking and len(lacking) == len(rows.lives):
                unavailable.setdefault(metric, lacking[0])
            elif lacking:
                blind_spots.append(f"{metric} of {len(lacking)} of {len(rows.lives)} processes: {lacking[0]}")
        return replace(facts, unavailable=unavailable, blind_spots=tuple(blind_spots))

    def _lacking(self, metric: str, rows: LooseRows) -> list[str]:
        import numpy as np

        read: set[int] = set()
        for column, values in rows.columns.items():
            if column.metric == metric:
                read.update(np.unique(rows.life[~np.isnan(values)]).tolist())
        return [reasons[metric] for life, reasons in self._reasons.items() if metric in reasons and life not in read]


def life_key(process: ProcessIdentity) -> Hashable:
    """Return what tells a process from all others: the start in ticks where it is known, as seconds may wobble."""
    if process.start_ticks is not None:
        return process.boot_id, process.pid_namespace, process.pid, process.start_ticks
    return process
