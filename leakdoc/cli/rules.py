"""``leakdoc rules``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from leakdoc.cli.output import print_lines
from leakdoc.errors import DamagedSource, UsageError
from leakdoc.redact import inert
from leakdoc.small_files import read_small

if TYPE_CHECKING:
    from leakdoc.model.diagnosis import Diagnosis
    from leakdoc.reporting.rules.rule import RuleGroup

_LARGEST: Final = 1 << 26  # bytes of a diagnosis


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "Recording rules for the floors of memory, and alerts on them. Start-up, caches,\n"
        "collectors and restarts do not set them off, as they do deriv() > 0. They are a\n"
        "coarse net: `leakdoc scan --prometheus` decides.\n\n"
        "With --for, alerts for one signature of connections with the labels of what\n"
        "was found, on what `leakdoc exporter` serves.\n\n"
        "examples:\n"
        "  leakdoc rules --for pool_exhausted\n"
        "  leakdoc rules --for found.json > found.rules.yml\n"
        "  leakdoc rules > leakdoc.rules.yml\n"
        "  leakdoc rules --match 'namespace=\"shop\"' > shop.rules.yml"
    )
    parser.add_argument(
        "--for",
        dest="finding",
        metavar="FINDING",
        help="alerts for this: a detector's name, or a file with the JSON of a diagnosis",
    )
    parser.add_argument("--match", metavar="LABELS", help="only series with these labels, e.g. 'namespace=\"shop\"'")


def execute(args: argparse.Namespace) -> int:
    """Print the rules."""
    from leakdoc.reporting.rules.memory import memory_rules
    from leakdoc.reporting.rules.rule import rule_lines
    from leakdoc.sampling.sources.prometheus.promql import matchers_of, selector

    if args.finding is not None:
        print_lines(rule_lines(_of_finding(args.finding)))
        return 0
    match = "" if args.match is None else selector(matchers_of(args.match))[1:-1]
    print_lines(rule_lines(memory_rules(match)))
    return 0


def _of_finding(text: str) -> list[RuleGroup]:
    """Return the alerts for a detector's name, or for each fault of a diagnosis in a file."""
    from leakdoc.reporting.rules.signatures import ALERTS, labels_of, signature_rules

    if text in ALERTS:
        return signature_rules([(text, {})])
    if not Path(text).exists():
        raise UsageError(
            f"{inert(text)!r} is neither a detector nor a file", help=f"There are alerts for {', '.join(ALERTS)}."
        )
    faults = [each for each in _diagnosis(Path(text)).findings if each.decision.is_fault and each.detector in ALERTS]
    if not faults:
        raise UsageError(f"{inert(text)} holds no fault of a signature that there are alerts for")
    return signature_rules([(each.detector, labels_of(each)) for each in faults])


def _diagnosis(path: Path) -> Diagnosis:
    from leakdoc.reporting.diagnosis_reading import diagnosis_from

    try:
        document = json.loads(read_small(path, most=_LARGEST))
    except (OSError, ValueError) as error:
        raise DamagedSource(f"{inert(path.name)} cannot be read as JSON: {inert(str(error))}") from None
    if not isinstance(document, dict):
        raise DamagedSource(f"{inert(path.name)} is no diagnosis")
    return diagnosis_from(document)
