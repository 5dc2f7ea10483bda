"""Options that several commands share, and how their text is read."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from leakdoc.errors import UsageError
from leakdoc.units import format_time, parse_duration, parse_rate, parse_size, parse_time

if TYPE_CHECKING:
    from leakdoc.detection.policies import Policies

T = TypeVar("T")


def _typed(read: Callable[[str], T]) -> Callable[[str], T]:
    """Let argparse report what one of our readers refuses, with its words."""

    def reader(text: str) -> T:
        try:
            return read(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(str(error).replace("\n", ". ")) from None

    return reader


duration = _typed(parse_duration)
size = _typed(parse_size)
rate = _typed(parse_rate)


def positive_duration(text: str) -> float:
    """Read a duration that is more than nothing."""
    seconds = duration(text)
    if seconds <= 0:
        raise argparse.ArgumentTypeError(f"must be more than 0: {text!r}")
    return seconds


def positive_size(text: str) -> float:
    """Read a size that is more than nothing."""
    bytes_ = size(text)
    if bytes_ <= 0:
        raise argparse.ArgumentTypeError(f"must be more than 0: {text!r}")
    return bytes_


def instant(text: str) -> float:
    """Read an instant: seconds since the epoch, or ISO 8601; what no calendar holds is none (milliseconds)."""
    try:
        at = parse_time(text)
        format_time(at)
    except (ValueError, OverflowError, OSError):
        raise argparse.ArgumentTypeError(f"not a time: {text!r}; write it like 2026-11-23T03:12:00Z") from None
    return at


def add_json(parser: argparse._ActionsContainer) -> None:
    """Let the answer be one JSON document."""
    parser.add_argument("--json", action="store_true", help="print the answer as one JSON document")


def add_judging(parser: argparse.ArgumentParser) -> None:
    """Let the user set what counts as growth."""
    parser.add_argument(
        "--smallest",
        type=rate,
        metavar="RATE",
        help="the growth that matters, e.g. 1MiB/h (default: 1%% of the level an hour)",
    )
    parser.add_argument(
        "--limit", type=positive_size, metavar="SIZE", help="the memory limit, where leakdoc cannot see it"
    )
    parser.add_argument(
        "--must-last",
        type=_typed(parse_duration),
        metavar="TIME",
        help="call nothing stable that may reach its limit sooner, e.g. 30d",
    )
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a threshold, e.g. growth.smallest=1MiB/h",
    )


def policies_of(args: argparse.Namespace) -> Policies | None:
    """Return the policies that the options ask for; null for the defaults, so that nothing heavy is loaded."""
    must_last = getattr(args, "must_last", None)
    if not args.policy and args.smallest is None and args.limit is None and must_last is None:
        return None
    from dataclasses import replace

    from leakdoc.detection.policies import Policies

    policies = Policies().with_settings(args.policy)
    growth = policies.growth
    if args.smallest is not None:
        growth = replace(growth, smallest=args.smallest)
    if args.limit is not None:
        growth = replace(growth, limit=args.limit)
    if must_last is not None:
        growth = replace(growth, must_last=must_last)
    return replace(policies, growth=growth)


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Let the user give parameters."""
    parser.add_argument(
        "-p",
        dest="parameters",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a parameter; one that takes a list may be given more than once",
    )


def parameters_given(texts: Iterable[str]) -> dict[str, Any]:
    """Read ``key=value`` texts; a key that is given more than once has a list of values."""
    gathered: dict[str, list[str]] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"not a parameter: {text!r}", help="Write it like -p trace=before.leakdoc.")
        gathered.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else list(values) for key, values in gathered.items()}
