"""Error rates over many looks."""

from __future__ import annotations

import pytest

from leakdoc.detection.stats.spending import pocock, spend


@pytest.mark.parametrize("looks", [1, 2, 20, 500])
def test_all_looks_together_spend_the_whole_and_no_more(looks: int) -> None:
    rates = [spend(look, looks, overall=0.05) for look in range(1, looks + 1)]
    assert sum(rates) == pytest.approx(0.05)
    assert min(rates) > 0.0


def test_a_watch_without_end_never_spends_more_than_the_whole() -> None:
    total = sum(spend(look, overall=0.05) for look in range(1, 10_000))
    assert 0.0499 < total < 0.05


def test_what_is_spent_begins_at_nothing_and_ends_at_the_whole() -> None:
    assert pocock(0.0, overall=0.05) == 0.0
    assert pocock(0.3, overall=0.05) < pocock(0.6, overall=0.05)
    assert pocock(1.0, overall=0.05) == pytest.approx(0.05)


@pytest.mark.parametrize(("look", "looks", "overall"), [(0, 5, 0.05), (1, 0, 0.05), (1, 5, 0.0), (1, 5, 1.0)])
def test_nonsense_is_refused(look: int, looks: int, overall: float) -> None:
    with pytest.raises(ValueError, match="looks count from 1"):
        spend(look, looks, overall=overall)
