"""Samples gathered one by one are grouped by life and ascend in time."""

from __future__ import annotations

import numpy as np

from leakdoc.model.sample import Column, Sample
from leakdoc.model.subject import ProcessIdentity
from leakdoc.model.trace import Facts
from leakdoc.sampling.trace_builder import TraceBuilder
from leakdoc.testing.series import FIRST_AT, made_samples, made_subject, made_trace

RSS = Column("rss_bytes")


def _built(*samples: tuple[float, int, float]) -> TraceBuilder:
    builder = TraceBuilder(made_subject())
    for at, pid, value in samples:
        builder.add(Sample(at=at, process=ProcessIdentity(pid=pid), values={RSS: value}))
    return builder


def test_rows_of_workers_that_alternate_are_grouped_by_life() -> None:
    trace = _built((1, 8, 1.0), (1, 9, 10.0), (2, 8, 2.0), (2, 9, 20.0)).trace()
    assert [(life.pid, life.first, life.stop) for life in trace.lives] == [(8, 0, 2), (9, 2, 4)]
    assert trace.times.tolist() == [1, 2, 1, 2]
    assert trace.columns[RSS].tolist() == [1, 2, 10, 20]
    assert trace.facts.notes == ()


def test_lives_stand_in_the_order_of_their_first_sample() -> None:
    assert [life.pid for life in _built((5, 8, 1.0), (3, 9, 1.0)).trace().lives] == [9, 8]


def test_a_clock_that_steps_back_is_sorted_and_the_last_of_one_time_wins() -> None:
    trace = _built((3, 8, 1.0), (2, 8, 2.0), (3, 8, 3.0)).trace()
    assert trace.columns[RSS].tolist() == [2.0, 3.0]
    assert trace.facts.notes == (
        "places where times were out of order, now sorted: 1",
        "samples left out because a later one has the same time: 1",
    )
    assert (trace.facts.sorted_rows, trace.facts.dropped_duplicates) == (1, 1)


def test_a_column_that_comes_late_is_missing_before() -> None:
    trace = made_trace(made_samples({"rss_bytes": [1.0, 2.0, None], "threads": [None, None, 4.0]}))
    np.testing.assert_array_equal(trace.columns[RSS], [1.0, 2.0, np.nan])
    np.testing.assert_array_equal(trace.columns[Column("threads")], [np.nan, np.nan, 4.0])


def test_the_builder_grows_on_after_a_trace_was_taken() -> None:
    builder = _built((1, 8, 1.0))
    first = builder.trace()
    builder.add(Sample(at=2, process=ProcessIdentity(pid=8), values={RSS: 2.0}))
    assert len(first) == 1
    assert len(builder.trace()) == len(builder) == 2


def test_nothing_added_is_an_empty_trace_with_its_facts() -> None:
    builder = TraceBuilder(made_subject())
    builder.facts = Facts(limit_bytes=1.0)
    trace = builder.trace()
    assert (len(trace), trace.lives, trace.facts.limit_bytes) == (0, (), 1.0)


def test_memory_stays_flat_and_what_is_left_are_readings_as_they_were_taken() -> None:
    builder = TraceBuilder(made_subject(), most_values=400)
    for row in range(3_000):
        for pid in (1, 2):
            (sample,) = made_samples({"rss_bytes": [float(row)]}, pid=pid, first_at=FIRST_AT + row, started_at=1.0)
            builder.add(sample)
    trace = builder.trace()
    assert 200 <= len(trace) <= 400
    assert len(trace) + builder.dropped == 6_000
    values = trace.columns[Column("rss_bytes")]
    assert values.tolist() == (trace.times - FIRST_AT).tolist()
    assert [life.stop - life.first for life in trace.lives] == [len(trace) // 2] * 2
    assert values.min() == 0.0 and values.max() == 2_999.0
    assert str(builder.dropped) in trace.facts.notes[0]
