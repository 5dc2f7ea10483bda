"""Durations, sizes, rates and instants."""

from __future__ import annotations

import pytest

from leakdoc.errors import UsageError
from leakdoc.units import (
    format_amount,
    format_duration,
    format_durations,
    format_rate,
    format_size,
    format_time,
    parse_duration,
    parse_rate,
    parse_size,
    parse_time,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("6h", 21_600),
        ("3d", 259_200),
        ("1h30m", 5_400),
        ("250ms", 0.25),
        ("0s", 0),
        ("7", 7),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "m", "5 minutes", "-5s", "1x", "nan", "inf", "5m!", "1e999x", "1e999", "1e308d"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="90s"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MiB", 64 * 2**20), ("512MB", 512e6), ("1.5 GiB", 1.5 * 2**30), ("2g", 2 * 2**30), ("100", 100), ("1KB", 1000)],
)
def test_sizes_are_read(text: str, size: float) -> None:
    assert parse_size(text) == size


def test_a_rate_is_per_second_inside() -> None:
    assert parse_rate("1MiB/h") == pytest.approx(2**20 / 3600)
    assert parse_rate("5/m") == pytest.approx(5 / 60)


@pytest.mark.parametrize("text", ["1MiB", "1MiB/year", "/h", "fast/h", "1e400MiB/h"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_rate(text)


def test_a_time_without_an_offset_is_utc() -> None:
    assert (
        parse_time("2026-03-10T03:12:00")
        == parse_time("2026-03-10T03:12:00Z")
        == parse_time("2026-03-10T04:12:00+01:00")
    )


def test_times_are_written_with_an_offset_and_read_back() -> None:
    assert format_time(1_000_000_000.25) == "2001-09-09T01:46:40.250+00:00"
    assert parse_time(format_time(1_000_000_000.25)) == 1_000_000_000.25


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.02, "20 ms"),
        (1, "1 s"),
        (45, "45 s"),
        (119, "119 s"),
        (5_400, "90 min"),
        (18_000, "5 h"),
        (345_600, "4 days"),
    ],
)
def test_durations_are_written_as_a_person_says_them(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (6_540.0, 7_560.0, "109 to 126 min"),
        (4_800.0, 6_300.0, "80 to 105 min"),
        (90.0, 86_400.0, "90 s to 24 h"),
        (0.0, 30.0, "0 ms to 30 s"),
    ],
)
def test_the_ends_of_an_interval_are_written_in_one_unit_where_that_can_be_read(
    low: float, high: float, words: str
) -> None:
    assert format_durations(low, high) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (512 * 2**20, "512 MiB"),
        (1.25 * 2**20, "1.25 MiB"),
        (-3 * 2**10, "-3 KiB"),
        (1023.9 * 2**20, "1 GiB"),
    ],
)
def test_sizes_are_written_with_a_binary_prefix(size: float, words: str) -> None:
    assert format_size(size) == words


def test_a_rate_shows_its_sign() -> None:
    assert format_rate(70 * 2**20, "bytes") == "+70 MiB/h"
    assert format_rate(-3, "count") == "-3/h"


def test_what_is_immense_is_written_short() -> None:
    assert (format_size(1e300), format_amount(2e20, "count")) == ("9.09e+287 TiB", "2e+20")
