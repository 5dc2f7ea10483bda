"""A detector's policy as a step's parameter: ``policy.smallest=1MiB/h``, or an object of such fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from leakdoc.errors import UsageError

if TYPE_CHECKING:
    from pydantic_core import CoreSchema


def is_policy(annotation: Any) -> bool:
    """Say whether a type is a policy: a dataclass all of whose fields declare their unit."""
    return (
        isinstance(annotation, type)
        and is_dataclass(annotation)
        and bool(fields(annotation))
        and all("unit" in each.metadata for each in fields(annotation))
    )


@dataclass(frozen=True, slots=True)
class PolicyReading:
    """Reads settings on top of a policy; pydantic finds the hooks by their names.

    Args:
        start: the policy that holds where nothing is set.
    """

    start: Any

    def value(self, given: object) -> Any:
        """Return the policy with every given field set; all that do not fit are named in one ValueError."""
        if isinstance(given, type(self.start)):
            return given
        if not isinstance(given, Mapping):
            raise ValueError("takes fields, such as policy.smallest=1MiB/h")
        settings: dict[str, Any] = {}
        problems: list[str] = []
        for name, text in given.items():
            try:
                settings[name] = self._read(name, str(text))
            except UsageError as error:
                problems.append(error.message)
        if problems:
            raise ValueError("; ".join(problems))
        return replace(self.start, **settings)

    def _read(self, name: str, text: str) -> Any:
        declared = next((each.metadata for each in fields(self.start) if each.name == name), None)
        if declared is None:
            raise UsageError(f"no such field: {name}")
        try:
            return declared["read"](text.strip())
        except (ValueError, UsageError):
            raise UsageError(f"{name} takes a {declared['unit']}, not {text!r}") from None

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.value)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        defaults = asdict(self.start)
        properties = {
            each.name: {
                "type": "string" if each.metadata["unit"] == "rate" else ["string", "number"],
                "description": f"{each.metadata['unit']}: {each.metadata['why']}",
                **({} if defaults[each.name] is None else {"default": defaults[each.name]}),
            }
            for each in fields(self.start)
        }
        return {"type": "object", "properties": properties, "additionalProperties": False}
