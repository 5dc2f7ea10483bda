"""Many subjects judged one by one, on this core or on many, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from leakdoc.detection.discovery import discovery_of
from leakdoc.detection.folder import files_of
from leakdoc.detection.handing_out import map_bounded
from leakdoc.detection.many import diagnose_many
from leakdoc.detection.policies import Policies
from leakdoc.errors import LeakdocError
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.scan import Scan
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Trace
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.sources.load import load_trace

Progress = Callable[[int, int], None]

_FILES_AT_ONCE: Final = 16  # a task that is worth its way to a worker
_CELLS_AT_ONCE: Final = 2**20  # 8 MiB of numbers in memory at once, or one file where that is larger


class Judged(NamedTuple):
    """What came of one subject: its diagnosis, or why there is none; and whether it ran the release asked for."""

    subject: str
    diagnosis: Diagnosis | None
    reason: str | None = None
    ran: bool = True


def scan(
    path: str | os.PathLike[str],
    *,
    policies: Policies | None = None,
    load: str | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Scan:
    """Judge every recording, CSV and Parquet file of a folder, one subject a file.

    Args:
        path: a folder, read recursively and in order, or one file.
        policies: every threshold; the defaults when null.
        load: the column that holds the load, where it is not ``requests_total``.
        executor: any executor of ``concurrent.futures``, or what behaves like one (a Dask client's); judges files on
            its workers, which must see them under the same path. What a worker fails to return is judged here.
        progress: told how many files are done, and of how many.

    Returns:
        The verdicts in the order of the files, the same with and without an executor; files that could not be judged
        are among the skipped, with the reason.

    Raises:
        UnreadableSource: there is no such folder.
    """
    files = files_of(Path(path))
    tasks = [files[at : at + _FILES_AT_ONCE] for at in range(0, len(files), _FILES_AT_ONCE)]
    judge = partial(judge_files, policies=policies or Policies(), load=load)
    judged: list[Judged] = []
    for results in map_bounded(judge, tasks, executor):
        judged.extend(results)
        if progress is not None:
            progress(len(judged), len(files))
    return scan_of(judged)


def scan_of(judged: Sequence[Judged], *, notes: tuple[str, ...] = ()) -> Scan:
    """Gather what came of every subject."""
    diagnoses = tuple(each.diagnosis for each in judged if each.diagnosis is not None)
    skipped = {each.subject: each.reason or "unknown" for each in judged if each.diagnosis is None}
    return Scan(diagnoses=diagnoses, skipped=skipped, discovery=discovery_of(diagnoses), notes=notes)


def judge_files(files: Sequence[tuple[str, Path]], *, policies: Policies, load: str | None) -> list[Judged]:
    """Read files one after the other, and judge those together that fit into memory together."""
    judged: list[Judged] = []
    waiting: list[tuple[str, Trace]] = []
    cells = 0
    for name, file in files:
        read = _read(name, file, load)
        if isinstance(read, str):
            judged.append(Judged(name, None, read))
            continue
        waiting.append((name, read))
        cells += len(read) * max(len(read.columns), 1)
        if cells > _CELLS_AT_ONCE:
            judged.extend(_together(waiting, policies))
            waiting, cells = [], 0
    judged.extend(_together(waiting, policies))
    order = {name: at for at, (name, _) in enumerate(files)}
    return sorted(judged, key=lambda each: order[each.subject])


def _together(waiting: Sequence[tuple[str, Trace]], policies: Policies) -> Iterator[Judged]:
    for (name, _), found in zip(waiting, diagnose_many([trace for _, trace in waiting], policies), strict=True):
        yield Judged(name, None, found) if isinstance(found, str) else Judged(name, found)


def _read(name: str, file: Path, load: str | None) -> Trace | str:
    """Return the trace of a file under the name that is given with it, or why there is none."""
    try:
        trace = load_trace(file, load_column=load)
    except LeakdocError as error:
        return inert(without_secrets(error.message), longest=500)
    except Exception as error:  # one odd file among thousands takes no verdict away from the others
        return inert(f"internal error, a defect of leakdoc: {type(error).__name__}: {error}")
    return replace(trace, subject=Subject(kind=SubjectKind.FILE, name=name, host=trace.subject.host))
