"""``leakdoc rules``."""

from __future__ import annotations

import argparse

from leakdoc.cli.output import print_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "Recording rules for the floors of memory, and alerts on them. Start-up, caches,\n"
        "collectors and restarts do not set them off, as they do deriv() > 0. They are a\n"
        "coarse net: `leakdoc scan --prometheus` decides.\n\n"
        "examples:\n"
        "  leakdoc rules > leakdoc.rules.yml\n"
        "  leakdoc rules --match 'namespace=\"shop\"' > shop.rules.yml"
    )
    parser.add_argument("--match", metavar="LABELS", help="only series with these labels, e.g. 'namespace=\"shop\"'")


def execute(args: argparse.Namespace) -> int:
    """Print the rules."""
    from leakdoc.reporting.rules.memory import memory_rules
    from leakdoc.reporting.rules.rule import rule_lines
    from leakdoc.sampling.sources.prometheus.promql import matchers_of, selector

    match = "" if args.match is None else selector(matchers_of(args.match))[1:-1]
    print_lines(rule_lines(memory_rules(match)))
    return 0
