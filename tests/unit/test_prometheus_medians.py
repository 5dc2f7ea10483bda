"""What medians settle, and what is left to the samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leakdoc.detection.by_medians import judged_by_medians
from leakdoc.detection.policies import Policies
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Life, Trace
from leakdoc.sampling.sources.prometheus.conventions import Meaning, built_in
from leakdoc.sampling.sources.prometheus.fetching import Fetched, Part
from leakdoc.sampling.sources.prometheus.fleet import Sourced
from leakdoc.sampling.sources.prometheus.inventory import Listed
from leakdoc.sampling.sources.prometheus.medians import Medians
from leakdoc.sampling.sources.prometheus.promql import of_name
from leakdoc.sampling.sources.prometheus.raw_series import RawSeries
from leakdoc.sampling.sources.prometheus.workloads import Identity

MIB = 2.0**20
WHEN = np.linspace(0.0, 1.0, 80)


def medians(grown: float = 0.0, *, level: float = 200.0, **columns: float) -> Trace:
    """Medians of 18 minutes of one process."""
    values = (level + grown * WHEN + np.random.default_rng(1).normal(0.0, 0.05, 80)) * MIB
    further = {Column(name): np.full(80, value) for name, value in columns.items()}
    return Trace(
        subject=Subject(kind=SubjectKind.WORKLOAD, name="svc/a"), times=1.7e9 + 86_400.0 * WHEN,
        lives=(Life(first=0, stop=80),), columns={Column("rss_bytes"): values, **further},
    )  # fmt: skip


def settled(*traces: Trace | None) -> list[bool]:
    batch = [Sourced(f"svc/{at}", trace) for at, trace in enumerate(traces)]
    found = judged_by_medians(batch, policies=Policies(), bin_s=1_080.0)
    assert [each.subject for each in found] == [each.name for each in batch]
    assert all(each.reason is None for each in found)
    return [each.diagnosis is not None for each in found]


def test_only_what_surely_is_stable_is_settled() -> None:
    several = (medians(), medians(open_fds=12.0), medians(2.0), medians(50.0), medians(requests_total=5.0), None)
    assert settled(*several) == [True, True, False, False, False, False]


def test_a_verdict_on_medians_says_so() -> None:
    (found,) = judged_by_medians([Sourced("svc/a", medians())], policies=Policies(), bin_s=1_080.0)
    assert found.diagnosis is not None
    assert any("medians of every 18 min" in note for note in found.diagnosis.notes)


def test_processes_at_different_levels_are_each_held_against_themselves() -> None:
    two = (medians(), medians(level=300.0))
    joined = replace(
        two[0], times=np.concatenate([each.times for each in two]),
        lives=(Life(first=0, stop=80), Life(first=80, stop=160)),
        columns={Column("rss_bytes"): np.concatenate([each.columns[Column("rss_bytes")] for each in two])},
    )  # fmt: skip
    assert settled(joined) == [True]


def test_bins_without_a_reading_call_for_samples() -> None:
    whole = medians()
    whole.columns[Column("rss_bytes")][3] = np.nan
    assert settled(whole) == [False]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("rss_bytes", "quantile_over_time(0.5, "),
        ("open_fds", 'max_over_time({__name__="m"}[1000000ms] @ end()) - 2.0'),
        ("limit_bytes", "last_over_time("),
        ("process_start_time_seconds", "last_over_time("),
    ],
)
def test_a_server_is_asked_for_what_the_judge_reads(column: str, words: str) -> None:
    asked: list[tuple[str, float, float, float]] = []

    class Server:
        def range(self, promql: str, start: float, end: float, step: float) -> list[RawSeries]:
            asked.append((promql, start, end, step))
            return []

    ways = Medians(start=0.0, end=1_000.0, bins=80)
    assert list(ways.series(Server(), Meaning(name="m", column=column), [of_name("m")])) == []  # type: ignore[arg-type]
    ((promql, start, end, step),) = asked
    assert words in promql
    assert "[12499ms]" in promql
    assert (start, end, step) == (12.5, 1_000.0, 12.5)


def test_a_subject_is_whole_with_all_series_that_are_judged() -> None:
    rss, start = (next(each for each in built_in().metrics if each.name == name) for name in (
        "process_resident_memory_bytes", "process_start_time_seconds",
    ))  # fmt: skip
    split = ("instance", "a")
    fetched = Fetched(Listed(("svc", "a"), {rss: {split: 2}, start: {split: 2}}))
    one = Part(rss, RawSeries(labels={}, times=np.zeros(1), values=np.zeros(1)), Identity(("svc", "a"), ("a",), split))
    fetched.parts.append(one)
    assert not fetched.is_whole
    fetched.parts.append(one)
    assert fetched.is_whole
    fetched.unread["m"] = "too much"
    assert not fetched.is_whole
