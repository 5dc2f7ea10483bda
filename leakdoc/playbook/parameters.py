"""The types of a step's parameters that JSON has no word for: each reads text, and says so in the JSON Schema.

pydantic finds the two hooks of each class by their names; nothing here loads it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from leakdoc.errors import UsageError
from leakdoc.units import parse_duration, parse_rate, parse_size

if TYPE_CHECKING:
    from pydantic_core import CoreSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """What a parameter's annotation adds to its type: ``Annotated[Duration, Param(name="for", help="…")]``.

    Args:
        help: one line for a person.
        name: how it is called outside of Python, where that differs (`for` is a keyword).
    """

    help: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number in its base unit, or text with a unit.

    Args:
        read: text to number; raises UsageError.
        base: the base unit, as `read` takes it.
        examples: how it is written.
        above_zero: whether 0 is refused.
    """

    read: Callable[[str], float]
    base: str
    examples: tuple[str, ...]
    above_zero: bool = False

    def value(self, given: object) -> float:
        """Read one value; what does not fit is a ValueError, as pydantic asks."""
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ValueError(f"takes text like {self.examples[0]}, or a number")
        try:
            number = self.read(given) if isinstance(given, str) else float(given)
        except UsageError as error:
            raise ValueError(error.message) from None
        if not math.isfinite(number) or number < 0 or (self.above_zero and number == 0):
            raise ValueError(f"must be {'above 0' if self.above_zero else '0 or more'}: {given!r}")
        return number

    def text(self, number: float) -> str:
        """Write a number so that `read` gives it back."""
        return f"{number:.17g}{self.base}"

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(self.value)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        bound = "exclusiveMinimum" if self.above_zero else "minimum"
        return {"anyOf": [{"type": "number", bound: 0}, {"type": "string"}], "examples": list(self.examples)}


_TIME: Final = Quantity(read=parse_duration, base="s", examples=("90s", "15m", "6h"))

Duration = Annotated[float, _TIME]
PositiveDuration = Annotated[float, replace(_TIME, above_zero=True)]
Size = Annotated[float, Quantity(read=parse_size, base="B", examples=("64MiB", "2GiB"))]
Rate = Annotated[float, Quantity(read=parse_rate, base="B/s", examples=("1MiB/h", "5/m"))]
