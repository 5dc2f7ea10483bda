"""Phrases that several reports share: rates with their interval, decisions, subjects, commands."""

from __future__ import annotations

import shlex
from typing import Final

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import NextCommand
from leakdoc.model.finding import Interval
from leakdoc.model.subject import Subject
from leakdoc.redact import inert
from leakdoc.units import Unit, format_amount, format_duration, format_durations, format_rate

EFFECTS: Final = {
    "read": "read-only",
    "capture": "touches the target",
    "notify": "posts a message",
    "write": "changes something",
}


def decision_word(decision: Decision) -> str:
    """Write a decision as a headline: ``WARMING UP``."""
    return str(decision).replace("_", " ").upper()


def subject_words(subject: Subject) -> str:
    """Name a subject: ``payments pid 4242``."""
    name = inert(subject.name)
    return name if subject.pid is None else f"{name} pid {subject.pid}"


def rate_words(slope: Interval, unit: Unit) -> str:
    """Write an hourly slope with its interval: ``+70 MiB/h (66 MiB to 74 MiB)``."""
    words = format_rate(slope.estimate, unit)
    if slope.low is None or slope.high is None:
        return words
    low, high = format_amount(slope.low, unit), format_amount(slope.high, unit)
    return f"{words} ({_without_same_unit(low, high)} to {high})"


def time_words(span: Interval) -> str:
    """Write a time to go with its interval: ``90 min (80 min to 2 h)``; one that is over is ``no time``."""
    if span.estimate <= 0.0:
        return "no time"
    words = format_duration(span.estimate)
    if span.low is None:
        return words
    if span.high is None:
        return f"{words} (not before {format_duration(span.low)})"
    return f"{words} ({format_durations(span.low, span.high)})"


def command_words(command: NextCommand) -> str:
    """Write a command as one types it, with its effect: ``leakdoc watch 42  # read-only``."""
    needs = f", needs {command.needs}" if command.needs else ""
    return f"{shlex.join(command.argv)}  # {EFFECTS[command.effect]}{needs}"


def _without_same_unit(low: str, high: str) -> str:
    """Drop the unit of `low` where `high` repeats it."""
    number, _, unit = low.partition(" ")
    return number if unit and high.endswith(f" {unit}") else low
