"""The latest samples as Prometheus' metric families, collected when they are asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from leakdoc.cli.exporter_followers import Follower
from leakdoc.model.metrics import metric
from leakdoc.model.sample import Column
from leakdoc.redact import inert

PREFIX: Final = "leakdoc_"
_NOT_ALLOWED: Final = re.compile(r"[^a-zA-Z0-9_]")
Labels = Mapping[str, str]


class LatestSamples(Collector):
    """Every column of every process: ``leakdoc_rss_bytes{subject="shop",pid="4242"}`` and so on.

    ``leakdoc_up{target}`` is 1 while a target is sampled, and one series before it is found and after; by
    ``leakdoc_process_start_time_seconds`` its lives are told apart.
    """

    def __init__(self, followers: Sequence[Follower]) -> None:
        self._followers = followers

    def collect(self) -> Iterator[Metric]:
        """Yield the families, each once, with all its series."""
        up = GaugeMetricFamily(f"{PREFIX}up", "1 while the target is sampled, else 0.", labels=["target"])
        started = GaugeMetricFamily(
            f"{PREFIX}process_start_time_seconds", "Start of the process since the epoch.", labels=["pid", "subject"]
        )
        series: dict[str, list[tuple[Labels, float]]] = {}
        for follower in self._followers:
            latest = follower.latest()
            subject = inert(follower.subject)
            up.add_metric([inert(follower.text)], float(bool(latest)))
            for process, values in latest.items():
                whose = {"subject": subject, "pid": str(process.pid)}
                if process.started_at is not None:
                    started.add_metric([whose["pid"], subject], process.started_at)
                for column, value in values.items():
                    if math.isfinite(value):
                        series.setdefault(column.metric, []).append((_labels(column, whose), value))
        yield up
        yield started
        yield from (_family(name, found) for name, found in sorted(series.items()))


def _labels(column: Column, whose: Labels) -> dict[str, str]:
    return {**{_NOT_ALLOWED.sub("_", name): inert(value) for name, value in column.labels}, **whose}


def _family(name: str, series: list[tuple[Labels, float]]) -> Metric:
    """Return one family; labels that some of its series lack are empty there, which is the same to Prometheus."""
    known = metric(name)
    names = sorted({label for labels, _ in series for label in labels})
    make = CounterMetricFamily if known.is_counter else GaugeMetricFamily
    family = make(PREFIX + _NOT_ALLOWED.sub("_", name), f"{known.title[:1].upper()}{known.title[1:]}.", labels=names)
    for labels, value in series:
        family.add_metric([labels.get(each, "") for each in names], value)
    return family
