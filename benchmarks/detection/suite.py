"""Sets of labelled traces, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.detection.harder import HARD_INNOCENT, HARD_LEAKS
from benchmarks.detection.innocent import INNOCENT
from benchmarks.detection.leaks import LEAKS
from benchmarks.detection.live import LIVE_INNOCENT, LIVE_LEAKS, live_scene
from benchmarks.detection.scene import Labelled, usual_scene

TUNING_SEED, REPORT_SEED = 1, 20_281


def long_traces(seed: int, each: int) -> Iterator[Labelled]:
    """Half an hour to a week, `each` of every kind."""
    for at, kind in enumerate((*LEAKS, *INNOCENT)):
        for turn in range(each):
            yield kind(usual_scene(np.random.default_rng([seed, at, turn])))


def hard_traces(seed: int, each: int) -> Iterator[Labelled]:
    """The same windows, `each` of every kind beyond the textbook."""
    for at, kind in enumerate((*HARD_LEAKS, *HARD_INNOCENT)):
        for turn in range(each):
            yield kind(usual_scene(np.random.default_rng([seed, 2_000 + at, turn])))


def live_traces(seed: int, each: int) -> Iterator[Labelled]:
    """Half a minute to two minutes, `each` of every kind."""
    for at, kind in enumerate((*LIVE_LEAKS, *LIVE_INNOCENT)):
        for turn in range(each):
            yield kind(live_scene(np.random.default_rng([seed, 1_000 + at, turn])))
