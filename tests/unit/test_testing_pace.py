"""How long rounds become: as time and memory allow, and long enough to confirm what is suspected."""

from __future__ import annotations

import pytest

from leakdoc.testing.pace import longer_pace


def calls_of(seconds_per_call: float, grew: float | None) -> int:
    pace = longer_pace(seconds_per_call, grew)
    return 0 if pace is None else sum(pace.calls_of(number) for number in range(15))


@pytest.mark.parametrize(
    ("seconds_per_call", "grew", "least", "most"),
    [
        (1e-6, None, 9_900, 10_100),
        (1e-3, None, 950, 1_050),
        (0.1, None, 0, 0),  # slow, and nothing was seen: it is not looked for further
        (0.1, 100.0, 700, 800),  # slow, but suspected: confirmed all the same
        (0.1, 5_000.0, 280, 320),
        (1e-6, 10_000.0, 6_500, 6_900),  # a leak would keep 64 MiB by then
        (1e-6, 1e6, 0, 0),
        (0.0, 0.0, 49_900, 50_100),  # quick, and suspected: confirmed by more calls than are searched with
    ],
)
def test_the_longer_rounds_have_as_many_calls_as_can_be_afforded(
    seconds_per_call: float, grew: float | None, least: int, most: int
) -> None:
    assert least <= calls_of(seconds_per_call, grew) <= most


def test_each_round_is_longer_until_fifteen_of_them_have_decided() -> None:
    pace = longer_pace(1e-6, None)
    assert pace is not None
    calls = [pace.calls_of(number) for number in range(20)]
    assert calls[:15] == sorted(set(calls[:15]))
    assert len(set(calls[14:])) == 1
