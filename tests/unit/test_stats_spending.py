"""Error rates over many looks."""

from __future__ import annotations

import pytest

from leakdoc.detection.stats.spending import pocock, spend, spent


def test_what_is_spent_grows_to_the_whole() -> None:
    rates = [spent(share / 20, overall=0.05) for share in range(21)]
    assert rates == sorted(rates)
    assert rates[0] == 0.0
    assert rates[-1] == pytest.approx(0.05)


def test_a_watch_without_end_never_spends_more_than_the_whole() -> None:
    rates = [spent(share, overall=0.05, endless=True) for share in (0.5, 1.0, 2.0, 100.0, 1e9)]
    assert rates == sorted(rates)
    assert rates[1] == pytest.approx(0.025)
    assert 0.0499 < rates[-1] < 0.05 + 1e-12


def test_pocock_begins_at_nothing_and_ends_at_the_whole() -> None:
    assert pocock(0.0, overall=0.05) == 0.0
    assert pocock(0.3, overall=0.05) < pocock(0.6, overall=0.05)
    assert pocock(1.0, overall=0.05) == pytest.approx(0.05)


@pytest.mark.parametrize(("share", "overall"), [(-0.1, 0.05), (float("nan"), 0.05), (1.0, 0.0), (1.0, 1.0)])
def test_nonsense_is_refused(share: float, overall: float) -> None:
    with pytest.raises(ValueError, match="shares count from 0"):
        spent(share, overall=overall)


def test_looks_of_which_only_the_number_is_known_spend_the_whole_too() -> None:
    assert sum(spend(look, 20, overall=0.05) for look in range(1, 21)) == pytest.approx(0.05)
    assert 0.0499 < sum(spend(look, overall=0.05) for look in range(1, 10_000)) < 0.05


@pytest.mark.parametrize(("look", "looks"), [(0, 5), (1, 0)])
def test_looks_count_from_one(look: int, looks: int) -> None:
    with pytest.raises(ValueError, match="looks count from 1"):
        spend(look, looks)
