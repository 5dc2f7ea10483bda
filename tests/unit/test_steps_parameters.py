"""Annotations as a JSON Schema, and as the reader of text, JSON and Python values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest

import leakdoc
from leakdoc.errors import StepError, UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.documents import step_result_document
from leakdoc.model.step import EvidenceFile, EvidenceValue, StepResult
from leakdoc.playbook import Duration, Earlier, Param, PositiveDuration, Rate, Size, StepContext
from leakdoc.playbook.conversion import convert, schema_of
from leakdoc.playbook.registry import installed

POLICY = leakdoc.GrowthPolicy(min_bins=9)
RESULT = StepResult(
    step="leakdoc.sample_memory",
    outcome=Outcome.PASSED,
    reason="kept",
    outputs={"recording": "a.leakdoc"},
    evidence=(EvidenceFile(name="recording", path="a.leakdoc", sha256="00"), EvidenceValue(name="n", value=[1])),
)


def example(
    ctx: StepContext,
    *,
    trace: Path,
    for_s: Annotated[Duration, Param(name="for", help="how long")] = 600.0,
    interval_s: Annotated[PositiveDuration | None, Param(name="interval", help="")] = None,
    limit: Size = 1024.0,
    rate: Rate = 1.0,
    share: float = 0.5,
    mode: Literal["fast", "slow"] = "fast",
    policy: leakdoc.GrowthPolicy = POLICY,
    before: tuple[Earlier, ...] = (),
) -> StepResult:
    """An example."""
    return StepResult(outcome=Outcome.PASSED, reason="")


def given(**values: Any) -> dict[str, Any]:
    return convert(example, {"trace": "a.csv"} | values)


@pytest.mark.parametrize(
    ("name", "value", "keyword", "expected"),
    [
        ("trace", "a.csv", "trace", Path("a.csv")),
        ("trace", Path("a.csv"), "trace", Path("a.csv")),
        ("for", "10m", "for_s", 600.0),
        ("for_s", 90, "for_s", 90.0),
        ("interval", "500ms", "interval_s", 0.5),
        ("limit", "64MiB", "limit", 64 * 2.0**20),
        ("rate", "1MiB/h", "rate", 2.0**20 / 3600),
        ("share", "0.25", "share", 0.25),
        ("mode", "slow", "mode", "slow"),
        ("before", "b.leakdoc", "before", (Path("b.leakdoc"),)),
        ("before", ["b.leakdoc", RESULT], "before", (Path("b.leakdoc"), RESULT)),
        ("before", step_result_document(RESULT), "before", (RESULT,)),
    ],
)
def test_text_json_and_python_values_are_read(name: str, value: Any, keyword: str, expected: Any) -> None:
    assert given(**{name: value})[keyword] == expected


def test_what_is_not_given_is_left_to_the_default() -> None:
    assert given(interval=None, policy=None) == {"trace": Path("a.csv")}


def test_policy_fields_are_set_on_top_of_the_steps_own_policy() -> None:
    by_text = given(**{"policy.smallest": "1MiB/h", "policy.min_samples": "40"})["policy"]
    by_json = given(policy={"smallest": "1MiB/h", "min_samples": 40})["policy"]
    assert by_text == by_json == leakdoc.GrowthPolicy(smallest=2.0**20 / 3600, min_samples=40, min_bins=9)
    mixed = given(**{"policy": {"smallest": "1MiB/h"}, "policy.min_samples": "40"})["policy"]
    assert mixed == by_json
    assert given(policy=leakdoc.GrowthPolicy())["policy"] == leakdoc.GrowthPolicy()


def test_everything_that_is_wrong_is_said_at_once_by_name() -> None:
    wrong = {
        "colour": "red", "for": "never", "interval": 0, "limit": True, "rate": "5", "share": "much", "mode": "medium",
        "policy.bins": "many", "policy.colour": "red", "before": [3, ""],
    }  # fmt: skip
    with pytest.raises(UsageError) as caught:
        convert(example, wrong)
    problems = caught.value.message
    for part in (
        "colour is not a parameter", "trace is missing", "for: not a duration: 'never'", "interval: must be above 0",
        "limit: takes text like 64MiB", "rate: not a rate: '5'", "share: ", "mode: ", "bins takes a count, not 'many'",
        "no such field: colour", "before.0: takes", "before.1: takes",
    ):  # fmt: skip
        assert part in problems
    assert "for, interval, limit" in str(caught.value)


@pytest.mark.parametrize("value", ["-5s", -5, "nan", float("inf"), float("nan"), [], {}])
def test_no_duration_is_negative_or_endless(value: object) -> None:
    with pytest.raises(UsageError, match="for: "):
        given(**{"for": value})


def test_an_earlier_step_is_named_by_its_id() -> None:
    found = convert(example, {"trace": "x", "before": ["sample", "b.csv"]}, earlier={"sample": RESULT})
    assert found["before"] == (RESULT, Path("b.csv"))


def test_an_earlier_result_may_come_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "sample.json"
    path.write_text(json.dumps(step_result_document(RESULT)))
    assert given(before=str(path))["before"] == (RESULT,)
    for text in ('{"schema": "leakdoc.diagnosis/1"}', '{"schema": "leakdoc.step-result/1"}', "[]", "{"):
        path.write_text(text)
        with pytest.raises(UsageError, match=r"before\.0: "):
            given(before=str(path))


def test_the_schema_tells_names_types_defaults_and_help() -> None:
    schema = schema_of(example, "acme.example", "An example.")
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["trace"]
    assert schema["properties"]["for"]["default"] == "600s"
    assert schema["properties"]["for"]["description"] == "how long"
    assert "1 % of the present level" in schema["properties"]["policy"]["properties"]["smallest"]["description"]


def test_the_schema_and_the_reader_agree() -> None:
    schema = schema_of(example, "acme.example", "An example.")
    good = {"trace": "a", "for": "10m", "limit": 5, "mode": "slow", "policy": {"smallest": "1MiB/h"}, "before": ["a"]}
    jsonschema.validate(good, schema)
    convert(example, good)
    for bad in (
        {},
        {"trace": 1},
        {"trace": "a", "x": 1},
        {"trace": "a", "for": -1},
        {"trace": "a", "mode": "no"},
        {"trace": "a", "policy": {"smallest": 1}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
        with pytest.raises(UsageError):
            convert(example, bad)


@pytest.mark.parametrize("name", ["sample_memory", "detect_growth", "verify_normalized"])
def test_the_schema_of_each_built_in_step_is_one_and_its_defaults_obey_it(name: str) -> None:
    step = installed().get(name)
    schema = schema_of(step.function, step.name, step.summary)
    jsonschema.Draft202012Validator.check_schema(schema)
    json.dumps(schema, allow_nan=False)
    for named, told in schema["properties"].items():
        assert told["description"], f"{named} has no help"
        if "default" in told:
            jsonschema.validate(told["default"], told)
            assert named not in schema["required"]


def nowhere(ctx: StepContext, *, thing: Missing) -> StepResult:  # type: ignore[name-defined]  # noqa: F821
    return StepResult(outcome=Outcome.PASSED, reason="")


def test_an_annotation_that_cannot_be_read_is_an_error_of_the_step() -> None:
    with pytest.raises(StepError, match="annotations of nowhere"):
        convert(nowhere, {})
