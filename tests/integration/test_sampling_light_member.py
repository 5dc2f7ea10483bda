"""One of many processes, read lightly: what is filled in directly is a sample like any other."""

from __future__ import annotations

import os
from dataclasses import FrozenInstanceError

import pytest

from leakdoc.model.sample import Column, Sample
from leakdoc.sampling.crew.light_member import LightMember
from leakdoc.sampling.timeline import Instant


def test_a_light_sample_is_a_sample_like_any_other() -> None:
    member = LightMember(os.getpid())
    found = member.sample(Instant(12.5, 3.0))
    assert found == Sample(at=12.5, process=member.identity, values=found.values, unavailable={})
    assert found.values[Column("rss_bytes")] > 0
    with pytest.raises(FrozenInstanceError):
        found.at = 1.0  # type: ignore[misc]
