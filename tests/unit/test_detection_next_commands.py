"""The commands that a diagnosis proposes."""

from __future__ import annotations

import pytest

import leakdoc
from leakdoc.detection.policies import Policies
from leakdoc.testing.process import FakeProcess
from leakdoc.units import parse_duration

MIB = 2**20


@pytest.mark.parametrize(("asked_kib", "unit"), [(6_000, "s"), (1_000, "m"), (50, "h")])
def test_a_longer_watch_is_proposed_in_a_span_as_a_person_writes_it(asked_kib: int, unit: str) -> None:
    flat = FakeProcess({"rss_bytes": lambda age_s: 10 * MIB + 4_096 * (int(age_s) * 7 % 5)})
    asked = leakdoc.GrowthPolicy(smallest=asked_kib * 1_024 / 3_600)
    found = leakdoc.Watch(flat.sampler(), for_s=100, policies=Policies(growth=asked)).run().diagnosis
    needed = found.findings[0].needs_more_s
    assert needed is not None
    (span,) = (each.argv[-1] for each in found.next if "--for" in each.argv)
    assert span.endswith(unit)
    assert parse_duration(span) >= needed
