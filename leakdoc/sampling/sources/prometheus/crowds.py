"""A workload of so many processes that their samples do not fit into memory: which of them are read.

Every n-th by name, so that no choice makes them look as if they grew, and beside these the few that rose most: what one
process leaks alone is seen among thousands too.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from leakdoc.errors import SourceError
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.sampling.sources.prometheus.conventions import Meaning
from leakdoc.sampling.sources.prometheus.inventory import BESIDE, FACTS, Listed
from leakdoc.sampling.sources.prometheus.promql import milliseconds, one_of, selector
from leakdoc.sampling.sources.prometheus.protobuf import Matcher

MOST_SAMPLES: Final = 4_000_000  # of one subject: 64 megabytes, and as much again as columns of a trace
_MOST: Final = 100  # processes side by side: what it costs to fit them together grows with the power of three
_LEAST: Final = 4
_ROSE: Final = 16  # so few that they do not make the others look as if they grew
Split = tuple[str, str]


def that_fit(
    prometheus: Prometheus, listed: Listed, start: float, end: float, *,
    usual: float, match: Sequence[Matcher] = (), most: int = MOST_SAMPLES,
) -> Listed:  # fmt: skip
    """Return a subject with no more processes than fit, and how many are left out.

    Args:
        usual: how many samples a series has in the window, as far as it is known.
        match: what labels must be, beside what tells the subject.
        most: samples of one subject.
    """
    judged = {meaning: splits for meaning, splits in listed.metrics.items() if meaning.column not in FACTS}
    series = sum(sum(splits.values()) for splits in judged.values())
    if usual * series <= most and max(map(len, judged.values()), default=0) <= _MOST:
        return listed
    meaning, splits = max(judged.items(), key=lambda each: (each[0].column not in BESIDE, len(each[1])))
    if len(splits) <= _LEAST:
        return listed
    counts = _asked("count_over_time", prometheus, meaning, list(splits), start, end, match, joined=operator.add)
    samples = sum(counts.values()) / sum(splits.values()) if counts else usual
    room = min(max(int(most * len(splits) / max(samples * series, 1.0)), _LEAST), _MOST)
    beside = sum(counts.values()) / max(counts.values()) if counts else len(splits)
    if (samples * series <= most and beside <= _MOST) or len(splits) <= room:
        return listed
    rose = _asked("delta", prometheus, meaning, list(splits), start, end, match, joined=max)
    kept = _chosen(sorted(splits), rose, room)
    metrics = {each: _only(told, kept, set(splits)) for each, told in listed.metrics.items()}
    return replace(listed, metrics=metrics, left_out=len(splits) - len(kept))


def _asked(
    function: str, prometheus: Prometheus, meaning: Meaning, splits: Sequence[Split], start: float, end: float,
    match: Sequence[Matcher], *, joined: Callable[[float, float], float],
) -> dict[Split, float]:  # fmt: skip
    """What a function makes of each process in the window, its series joined; nothing where the server does not say."""
    found: dict[Split, float] = {}
    for label in sorted({label for label, _ in splits}):
        values = [value for name, value in splits if name == label]
        chosen = selector([*meaning.matchers, one_of(label, values), *match])
        promql = f"{function}({chosen}[{milliseconds(end - start)}])"
        try:
            series = list(prometheus.range(promql, end, end, 1.0))
        except SourceError:
            return {}
        for each in series:
            split = (label, each.labels.get(label, ""))
            found[split] = joined(found.get(split, 0.0), float(np.nan_to_num(each.values[-1])))
    return found


def _chosen(splits: Sequence[Split], rose: dict[Split, float], room: int) -> set[Split]:
    known = [split for split in splits if split in rose]
    first = sorted(known, key=lambda split: (-rose[split], split))[: min(_ROSE, room // 2)]
    others = [split for split in splits if split not in first]
    left = room - len(first)
    return {*first, *(others[at * len(others) // left] for at in range(left))}


def _only(told: dict[Split, int], kept: set[Split], known: set[Split]) -> dict[Split, int]:
    """The series of those that are kept; all where a metric is told by something else."""
    return {split: count for split, count in told.items() if split in kept or split not in known}
