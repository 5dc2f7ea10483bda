"""Student's t against published tables, and mixtures of it."""

from __future__ import annotations

import numpy as np
import pytest

from leakdoc.detection.stats.quantiles import mixture_quantiles, normal_cdf, t_cdf, t_quantile

# Published tables of Student's t.
TABLE = [
    (0.975, 1, 12.7062), (0.975, 2, 4.30265), (0.975, 3, 3.18245), (0.975, 4, 2.77645), (0.975, 5, 2.57058),
    (0.975, 8, 2.30600), (0.975, 10, 2.22814), (0.975, 30, 2.04227), (0.975, 120, 1.97993), (0.80, 5, 0.91954),
    (0.80, 30, 0.85377), (0.995, 5, 4.03214), (0.995, 10, 3.16927), (0.9995, 30, 3.64596), (0.95, 7, 1.89458),
]  # fmt: skip


@pytest.mark.parametrize(("probability", "degrees", "expected"), TABLE)
def test_quantiles_agree_with_the_tables(probability: float, degrees: float, expected: float) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(expected, rel=2e-4)
    assert t_quantile(1.0 - probability, degrees) == pytest.approx(-expected, rel=2e-4)


def test_the_median_is_zero() -> None:
    assert t_quantile(0.5, 7.0) == 0.0


@pytest.mark.parametrize(("z", "expected"), [(0.0, 0.5), (1.0, 0.8413447), (-1.959964, 0.025), (40.0, 1.0)])
def test_the_normal_distribution(z: float, expected: float) -> None:
    assert float(normal_cdf(np.asarray([z]))[0]) == pytest.approx(expected, abs=2e-7)


@pytest.mark.parametrize("degrees", [4.0, 10.0, 77.0])
def test_the_distribution_inverts_the_quantile(degrees: float) -> None:
    for probability in (0.025, 0.2, 0.5, 0.9, 0.975):
        at = np.asarray([t_quantile(probability, degrees)])
        assert float(t_cdf(at, degrees)[0]) == pytest.approx(probability, abs=2e-3)


def test_a_mixture_of_one_is_that_one() -> None:
    one = np.ones(1)
    low, middle, high = mixture_quantiles(
        (0.025, 0.5, 0.975), weights=one, centres=5.0 * one, scales=2.0 * one, degrees=30.0
    )
    assert middle == pytest.approx(5.0, abs=1e-3)
    assert high - 5.0 == pytest.approx(2.0 * t_quantile(0.975, 30.0), rel=3e-3)
    assert 5.0 - low == pytest.approx(high - 5.0, rel=1e-3)


def test_a_mixture_lies_between_its_parts() -> None:
    weights, centres, scales = np.asarray([0.5, 0.5]), np.asarray([0.0, 100.0]), np.ones(2)
    low, middle, high = mixture_quantiles(
        (0.1, 0.5, 0.9), weights=weights, centres=centres, scales=scales, degrees=50.0
    )
    assert -2.0 < low < 0.0 < middle < 100.0 < high < 102.0
