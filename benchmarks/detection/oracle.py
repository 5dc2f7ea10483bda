"""An oracle that knows the shape of a leak and its noise, and asks as often as a watch does.

It is generalized least squares with the true autocorrelation (Aitken 1935): growth is found at the first look whose
expected z exceeds what twenty looks together may err by (Bonferroni). It need not tell a leak from a cache that fills.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from statistics import NormalDist
from typing import Final

import numpy as np

from benchmarks.detection.leaks import late_onset, linear, slow
from benchmarks.detection.looks import LOOKS, alarm_at
from benchmarks.detection.scene import Array, Scene, usual_scene
from benchmarks.detection.spreading import spread
from leakdoc.detection.stats.policy import GrowthPolicy

KINDS: Final = (linear, slow, late_onset)
_OVERALL: Final = 0.02


def first_look(growth: Array, scene: Scene, rho: float) -> int | None:
    """Return the look at which the oracle expects to see the growth; null if none of them."""
    wanted = NormalDist().inv_cdf(1.0 - _OVERALL / LOOKS / 2.0)
    for look in range(1, LOOKS + 1):
        part = growth[: len(growth) * look // LOOKS]
        if len(part) > 3 and _expected_z(part, scene.noise_sd, rho) >= wanted:
            return look
    return None


def _expected_z(growth: Array, noise_sd: float, rho: float) -> float:
    white = (growth[1:] - rho * growth[:-1]) / np.sqrt(1.0 - rho * rho)
    ones = np.full(len(white), (1.0 - rho) / np.sqrt(1.0 - rho * rho))
    white = white - ones * (ones @ white) / (ones @ ones)
    return float(np.sqrt(white @ white)) / noise_sd


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """The look at which one leak was told, of twenty; null where it never was.

    Args:
        oracle: by the oracle.
        patient: by a watch.
        quick: by one that spends its error rate, and has no patience.
    """

    kind: str
    oracle: int
    patient: int | None
    quick: int | None


def detection_times(seed: int, each: int, jobs: int = 1) -> list[Detected]:
    """Return when each of some leaks is told; those that the oracle does not see are left out."""
    turns = [(at, turn) for at in range(len(KINDS)) for turn in range(each)]
    return [found for found in spread(partial(_detected, seed), turns, jobs) if found is not None]


def _detected(seed: int, turn: tuple[int, int]) -> Detected | None:
    scene = usual_scene(np.random.default_rng([seed, 3_000 + turn[0], turn[1]]))
    scene.load = None
    one = KINDS[turn[0]](scene)
    oracle = None if scene.truth is None else first_look(scene.truth, scene, scene.rho)
    if oracle is None:
        return None
    span = float(np.ptp(one.series.times_s))
    patient, quick = (alarm_at(one, GrowthPolicy(planned=planned)) for planned in (span, None))
    return Detected(kind=one.kind, oracle=oracle, patient=patient, quick=quick)
