"""What earlier steps handed on, as a parameter: a result, its JSON document, or the file of samples it made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from leakdoc.model.decision import Outcome
from leakdoc.model.documents import STEP_RESULT
from leakdoc.model.step import EvidenceFile, EvidenceValue, StepResult
from leakdoc.small_files import read_small

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

_LARGEST: Final = 1 << 26  # bytes of a result's document


def step_result_from(document: Mapping[str, Any]) -> StepResult:
    """Read a ``leakdoc.step-result/1``.

    Raises:
        ValueError: it is none.
    """
    if document.get("schema") != STEP_RESULT:
        raise ValueError(f"is no {STEP_RESULT} document")
    try:
        return StepResult(
            step=str(document["step"]),
            outcome=Outcome(document["outcome"]),
            reason=str(document["reason"]),
            outputs=dict(document["outputs"]),
            evidence=tuple(_evidence(item) for item in document["evidence"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"is a damaged {STEP_RESULT} document: {error}") from None


def _evidence(item: Mapping[str, Any]) -> EvidenceFile | EvidenceValue:
    if "path" in item:
        return EvidenceFile(name=item["name"], path=item["path"], sha256=item["sha256"])
    return EvidenceValue(name=item["name"], value=item["value"])


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads what a caller may give for an earlier step's result; pydantic finds the hooks by their names."""

    @staticmethod
    def value(given: object, earlier: Mapping[str, StepResult]) -> StepResult | Path:
        if isinstance(given, StepResult | Path):
            return given
        if isinstance(given, Mapping):
            return step_result_from(given)
        if not isinstance(given, str) or not given:
            raise ValueError("takes a file of samples, the id of an earlier step, or its result")
        if given in earlier:
            return earlier[given]
        path = Path(given)
        return _result_in(path) if path.suffix == ".json" else path

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.with_info_plain_validator_function(
            lambda given, info: self.value(given, (info.context or {}).get("earlier", {}))
        )

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "object"}], "examples": ["before.leakdoc", "sample"]}


def _result_in(path: Path) -> StepResult:
    try:
        document = json.loads(read_small(path, most=_LARGEST))
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path} is no {STEP_RESULT} document")
    return step_result_from(document)


Earlier = Annotated[StepResult | Path, _Reading()]
