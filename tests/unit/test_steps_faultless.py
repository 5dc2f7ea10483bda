"""Which faults of a new build are its own."""

from __future__ import annotations

from typing import Any

import pytest

import leakdoc
from leakdoc.model.decision import Basis, Decision
from playbook_steps.faultless import is_only_the_upstreams


def silent(detector: str = "upstream_unresponsive", **evidence: Any) -> leakdoc.Finding:
    return leakdoc.Finding(
        detector=detector,
        metric="connections",
        decision=Decision.UNRESPONSIVE,
        reason="given up on",
        basis=Basis.MEASURED,
        evidence=evidence,
    )


@pytest.mark.parametrize(
    ("evidence", "is_its_own"),
    [
        (
            {"awaiting_max_s": 0.4, "callers": {"unserved": 1.0, "wait_max_s": 0.5}},
            False,
        ),  # a breaker tries now and then
        ({"awaiting_max_s": None, "callers": {}}, False),
        ({"awaiting_max_s": 20.0, "callers": {}}, True),
        ({"awaiting_max_s": 0.4, "callers": {"wait_max_s": 12.0}}, True),
        ({"awaiting_max_s": None, "callers": {"threads_waiting_for_a_lock": 9.0}}, True),
        ({"syn_sent": 3.0, "callers": {}}, True),
        ({"unsent_bytes": 512.0, "callers": {}}, True),
    ],
)
def test_an_upstream_that_is_silent_while_nobody_waits_is_no_fault_of_the_build(
    evidence: dict[str, Any], is_its_own: bool
) -> None:
    assert is_only_the_upstreams(silent(**evidence)) is not is_its_own
    assert not is_only_the_upstreams(silent("half_open", **evidence))
