"""A diagnosis survives its JSON, and what is no diagnosis is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from leakdoc.detection.diagnosis import diagnose
from leakdoc.errors import DamagedSource
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.documents import diagnosis_document
from leakdoc.reporting.diagnosis_reading import diagnosis_from
from tests import reporting_values as values


@pytest.mark.parametrize("made", [values.diagnosis, lambda: diagnose(values.trace(grows_per_hour=60 * values.MIB))])
def test_a_diagnosis_survives_its_json(made: Callable[[], Diagnosis]) -> None:
    document = json.loads(json.dumps(diagnosis_document(made())))
    assert diagnosis_document(diagnosis_from(document)) == document


@pytest.mark.parametrize(
    "change",
    [
        lambda each: each.pop("subject"),
        lambda each: each.update(findings=7),
        lambda each: each.update(decision="healthy"),
        lambda each: each.update(reason=None),
        lambda each: each.update(blind_spots="x"),
        lambda each: each["findings"][0].update(confidence="high"),
        lambda each: each["findings"][0].update(confidence=True),
        lambda each: each["findings"][0]["slope_per_hour"].update(low=float("nan")),
        lambda each: each["window"].update({"from": "yesterday"}),
        lambda each: each["subject"].update(pid="4242"),
        lambda each: each.update(next=[{"argv": "rm -rf /"}]),
    ],
)
def test_what_is_no_diagnosis_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    document = copy.deepcopy(diagnosis_document(values.diagnosis()))
    change(document)
    with pytest.raises(DamagedSource, match="this is no diagnosis"):
        diagnosis_from(document)
