"""Few round ticks on an axis, labelled in one unit."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from leakdoc.units import BYTES, SECONDS, Unit

MOST_TICKS: Final = 6  # more labels than that touch each other on a small screen
_BINARY: Final = ("TiB", "GiB", "MiB", "KiB", "B")
_DURATIONS: Final = (
    ("s", "s", (1.0, 2.0, 5.0, 10.0, 15.0, 30.0)),
    ("m", "min", (1.0, 2.0, 5.0, 10.0, 15.0, 30.0)),
    ("h", "h", (1.0, 2.0, 3.0, 6.0, 12.0)),
)
_READABLE: Final = 0.01  # a step under a hundredth of a unit asks for the next smaller unit
_LEAST_STEP: Final = 1e-300  # under it there are no numbers left to divide into steps


class Tick(NamedTuple):
    """A place on an axis, and what is written there."""

    at: float
    label: str


class Step(NamedTuple):
    """The distance between ticks, and the unit that they are written in: its size and its name."""

    size: float
    unit: float
    name: str


def ticks(low: float, high: float, unit: Unit, *, most: int = MOST_TICKS) -> tuple[Tick, ...]:
    """Return at most `most` + 1 round places between two ends of an axis, labelled in one unit.

    Raises:
        ValueError: the axis has no length.
    """
    if not high > low:
        raise ValueError(f"an axis from {low} to {high}")
    step = _step(low, high, unit, max((high - low) / most, _LEAST_STEP))
    first, last = math.ceil(low / step.size - 1e-9), math.floor(high / step.size + 1e-9)
    return tuple(Tick(each * step.size, _label(each * step.size, step)) for each in range(first, last + 1))


def _step(low: float, high: float, unit: Unit, at_least: float) -> Step:
    if unit == "bytes":
        return _bytes_step(max(abs(low), abs(high)), at_least)
    return _duration_step(at_least) if unit == "seconds" else Step(_round(at_least), 1.0, "")


def _bytes_step(largest: float, at_least: float) -> Step:
    for name in _BINARY:
        size = float(BYTES[name])
        if (size <= largest and at_least / size >= _READABLE) or name == "B":
            break
    return Step(_round(at_least / size) * size, size, name)


def _duration_step(at_least: float) -> Step:
    for name, label, rounds in _DURATIONS:
        fitting = next((each for each in rounds if each * SECONDS[name] >= at_least), None)
        if fitting is not None:
            size = _round(at_least) if at_least < SECONDS["s"] else fitting * SECONDS[name]
            return Step(size, SECONDS[name], label)
    return Step(max(1.0, _round(at_least / SECONDS["d"])) * SECONDS["d"], SECONDS["d"], "days")


def _round(at_least: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, … (and their tenths)."""
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(each * power for each in (1.0, 2.0, 5.0, 10.0) if each * power >= at_least * (1 - 1e-9))


def _label(at: float, step: Step) -> str:
    digits = max(0, -math.floor(math.log10(step.size / step.unit) + 1e-9))
    amount = f"{at / step.unit:,.{digits}f}".replace("-0", "0") if at == 0 else f"{at / step.unit:,.{digits}f}"
    name = "day" if step.name == "days" and amount == "1" else step.name
    return "0" if at == 0 else f"{amount} {name}".strip()
