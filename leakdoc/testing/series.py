"""Traces and recordings made from a few numbers, for our tests and for those of our users."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import ProcessIdentity, Subject, SubjectKind
from leakdoc.model.trace import Facts, Trace
from leakdoc.sampling.recording import RecordingWriter
from leakdoc.sampling.trace_builder import TraceBuilder

FIRST_AT: Final = 1_700_000_000.0  # a round second, so that exact times can be written down in a test
_START_BEFORE_S: Final = 60.0  # how long before its first sample a made-up process started


def made_subject(name: str = "payments", pid: int | None = 4242) -> Subject:
    """Return a made-up process as a subject."""
    return Subject(kind=SubjectKind.PROCESS, name=name, pid=pid, started_at=FIRST_AT - _START_BEFORE_S)


def made_samples(
    columns: Mapping[str | Column, Sequence[float | None]],
    *,
    pid: int = 4242,
    first_at: float = FIRST_AT,
    interval_s: float = 1.0,
    started_at: float | None = None,
) -> list[Sample]:
    """Return samples of one made-up process, one per element of the columns.

    Args:
        columns: metric, or column, to its readings; null is a reading that is missing.
        started_at: when the process started; null is a minute before the first sample.
    """
    process = ProcessIdentity(pid=pid, started_at=first_at - _START_BEFORE_S if started_at is None else started_at)
    named = {Column(key) if isinstance(key, str) else key: values for key, values in columns.items()}
    return [
        Sample(
            at=first_at + row * interval_s,
            process=process,
            values={column: value for column, values in named.items() if (value := values[row]) is not None},
        )
        for row in range(max(map(len, named.values()), default=0))
    ]


def made_trace(samples: Iterable[Sample], *, subject: Subject | None = None, facts: Facts | None = None) -> Trace:
    """Return samples, of one process or of several, as a trace."""
    builder = TraceBuilder(subject or made_subject())
    builder.facts = facts
    for sample in samples:
        builder.add(sample)
    return builder.trace()


def made_recording(
    path: str | os.PathLike[str],
    samples: Iterable[Sample],
    *,
    subject: Subject | None = None,
    facts: Facts | None = None,
) -> Path:
    """Write samples into a recording and return where it is."""
    with RecordingWriter(path, subject or made_subject()) as recording:
        for sample in samples:
            recording.append(sample)
        if facts is not None:
            recording.set_facts(facts)
    return Path(path)
