"""What the metrics of common exporters mean, read from one data file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from typing import Any, Final

from leakdoc.errors import UsageError
from leakdoc.model.metrics import KNOWN
from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.promql import matchers_of, of_name
from leakdoc.sampling.sources.prometheus.protobuf import Matcher

_TOLD_ONCE: Final = frozenset({"build", "process_start_time_seconds", "last_oom_killed"})  # of several one counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What one metric means.

    Args:
        name: in Prometheus.
        column: what leakdoc calls it.
        where: matchers beside the name.
        summed: whether the series of one process are added up.
        of: what an exporter tells this of, where that is not itself: the machine, a database. A subject of its own.
        pool: the label that tells the pools of one process apart; each is a column of its own.
        left_of_limit: whether it is what is left of the limit, and not what is used of it.
        positive: whether it is above zero where it is known at all.
        by: the only labels that say whose it is; any when empty.
        alike_once: whether of several series that are added up those that tell the same count once.
    """

    name: str
    column: str
    where: tuple[Matcher, ...] = ()
    summed: bool = False
    of: str = ""
    pool: str = ""
    left_of_limit: bool = False
    positive: bool = False
    alike_once: bool = False
    by: tuple[str, ...] = ()

    @property
    def matchers(self) -> list[Matcher]:
        """What selects its series."""
        return [of_name(self.name), *self.where]

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether it is this metric that a series of its name tells: some names mean one thing by one label."""
        return all(each.matches(labels.get(each.name, "")) for each in self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How subjects are told by labels.

    Args:
        labels: which must all be there.
        name: which make up the subject's name; those that are not there are left out.
        process: which tell the subject's processes.
        split: the label whose values a request lists when subjects are asked for in parts.
        pods: whether the second label of the name is a pod, of which only the workload's part names the subject.
    """

    labels: tuple[str, ...]
    name: tuple[str, ...]
    process: tuple[str, ...]
    split: str
    pods: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """All meanings, in the order in which they are preferred, and how subjects are told.

    Args:
        cluster_labels: which may tell clusters.
        clusters_by: which of them is part of each subject's name, as there are several; null where there is one.
    """

    metrics: tuple[Meaning, ...]
    groups: tuple[Group, ...]
    version_labels: tuple[str, ...]
    replica_labels: frozenset[str]
    worker_labels: frozenset[str]
    cluster_labels: tuple[str, ...]
    clusters_by: str | None = None
    _ranks: Mapping[Meaning, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        last_first = reversed(list(enumerate(self.metrics)))
        object.__setattr__(self, "_ranks", {meaning: at for at, meaning in last_first})

    def rank(self, meaning: Meaning) -> int:
        """Where a metric stands in the order of preference."""
        return self._ranks[meaning]


@cache
def built_in() -> Conventions:
    """Return the conventions that come with leakdoc."""
    text = resources.files(__package__ or "").joinpath("conventions.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    return Conventions(
        metrics=tuple(map(_meaning, told["metrics"])),
        groups=tuple(
            Group(
                labels=tuple(each["labels"]), name=tuple(each["name"]), process=tuple(each["process"]),
                split=each["split"], pods=each.get("pods", False),
            )
            for each in told["groups"]
        ),
        version_labels=tuple(told["version_labels"]),
        replica_labels=frozenset(told["replica_labels"]),
        worker_labels=frozenset(told["worker_labels"]),
        cluster_labels=tuple(told["cluster_labels"]),
    )  # fmt: skip


def _meaning(told: Mapping[str, Any]) -> Meaning:
    return Meaning(
        name=told["name"], column=told["column"], summed=told.get("sum", False), of=told.get("of", ""),
        pool=told.get("pool", ""),
        left_of_limit=told.get("left_of_limit", False), positive=told.get("positive", False),
        alike_once=told.get("alike_once", False), by=tuple(told.get("by", ())),
        where=tuple(matchers_of(told["where"])) if "where" in told else (),
    )  # fmt: skip


def with_metric(conventions: Conventions, text: str) -> Conventions:
    """Return the conventions with one more metric in front, as a person names it.

    Args:
        text: ``NAME``, judged under its own name, or ``NAME=COLUMN``; either with matchers in braces after the name.

    Raises:
        UsageError: it names no metric.
    """
    before, brace, rest = text.strip().partition("{")
    inside, _, after = rest.rpartition("}") if brace else ("", "", "")
    name, _, column = f"{before}{after}".partition("=")
    name, column = name.strip(), column.strip()
    if not name or (brace and not rest.rstrip().partition("}")[1] == "}"):
        raise UsageError(f"not a metric: {inert(text)!r}", help="Write it like my_pool_size or my_rss=rss_bytes.")
    where = tuple(matchers_of(inside)) if inside.strip() else ()
    judged = column or name
    # a counter of requests has a series for each route
    summed = judged not in _TOLD_ONCE and (judged not in KNOWN or KNOWN[judged].is_counter)
    meaning = Meaning(name=name, column=judged, where=where, summed=summed)
    return replace(conventions, metrics=(meaning, *(each for each in conventions.metrics if each.name != name)))
