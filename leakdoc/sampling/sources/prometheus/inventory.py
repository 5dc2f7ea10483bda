"""What a server has to judge: every subject with the metrics that speak of it, without a single sample."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from leakdoc.errors import UnreadableSource
from leakdoc.model.metrics import HEAP_LIMIT
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import Conventions, Meaning
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.refusals import TooMuch
from leakdoc.sampling.sources.prometheus.workloads import Identity, identity_of

START: Final = "process_start_time_seconds"
RESTARTS: Final = "restarts_total"
LAST_OOM: Final = "last_oom_killed"
FILES_LIMIT: Final = "open_files_limit"
LIMIT: Final = "limit_bytes"
BUILD: Final = "build"
FACTS: Final = frozenset({START, RESTARTS, LAST_OOM, FILES_LIMIT, LIMIT, BUILD})
BESIDE: Final = FACTS | {HEAP_LIMIT, "requests_total", "cpu_seconds_total", "oom_kills_total"}
MOST_SERIES: Final = 500  # of one metric and one process: what is beyond is a label that exploded


@dataclass(slots=True)
class Listed:
    """One subject.

    Args:
        name: the parts of its name.
        metrics: meaning to the label and the values by which its series are asked for, and how many they are.
        left_out: processes that are not among them, because all together would not fit.
    """

    name: tuple[str, ...]
    metrics: dict[Meaning, dict[tuple[str, str], int]] = field(default_factory=dict)
    left_out: int = 0

    @property
    def series(self) -> int:
        """How many series there are in all."""
        return sum(count for values in self.metrics.values() for count in values.values())

    def note(self, meaning: Meaning, identity: Identity) -> None:
        """Count one more series."""
        split = (sys.intern(identity.split[0]), sys.intern(identity.split[1]))
        values = self.metrics.setdefault(meaning, {})
        values[split] = values.get(split, 0) + 1

    @property
    def is_judged(self) -> bool:
        """Whether there is a metric to judge, and not only what stands beside one."""
        return any(meaning.column not in BESIDE for meaning in self.metrics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Every subject of a server, sorted by name, and what could not be told apart.

    Args:
        unnamed: series without any label that tells whose they are.
        left_out: metric to the reason why it is not read.
    """

    subjects: tuple[Listed, ...]
    unnamed: int = 0
    left_out: dict[str, str] = field(default_factory=dict)


def take_inventory(
    prometheus: Prometheus,
    conventions: Conventions,
    start: float,
    end: float,
    *,
    match: Sequence[Matcher] = (),
    without: frozenset[str] = frozenset(),
) -> Inventory:
    """List the subjects that have samples in a window.

    Args:
        match: what the labels of series must be, beside their name.
        without: columns that are not needed.

    Raises:
        SourceError: the server does not say which metrics it has.
    """
    there = prometheus.metric_names(start, end)
    subjects: dict[tuple[str, ...], Listed] = {}
    unnamed, left_out = 0, {}
    for meaning in conventions.metrics:
        if meaning.name not in there or meaning.column in without:
            continue
        try:
            found = prometheus.series([*meaning.matchers, *match], start, end)
        except TooMuch as error:
            left_out[meaning.name] = error.message
            continue
        for labels in found:
            identity = identity_of(labels, conventions, meaning.of, meaning.by)
            if identity is None:
                unnamed += 1
            else:
                listed = subjects.get(identity.subject)
                if listed is None:
                    name = tuple(map(sys.intern, identity.subject))  # a fleet has few namespaces, jobs and containers
                    listed = subjects[name] = Listed(name)
                listed.note(meaning, identity)
    if left_out and not subjects:
        raise UnreadableSource(next(iter(left_out.values())), help="Narrow the scan with --match.")
    _join_pods(subjects)
    judged = sorted((each for each in subjects.values() if each.is_judged), key=lambda each: each.name)
    return Inventory(subjects=tuple(judged), unnamed=unnamed, left_out=left_out)


def _join_pods(subjects: dict[tuple[str, ...], Listed]) -> None:
    """Let what is told of whole pods (when they were made, which build they run) be told of their containers too."""
    for listed in subjects.values():
        whole = subjects.get(listed.name[:-1])
        if whole is None or whole.is_judged or not listed.is_judged:
            continue
        for meaning, splits in whole.metrics.items():
            listed.metrics.setdefault(meaning, splits)
