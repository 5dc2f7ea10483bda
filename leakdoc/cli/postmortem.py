"""``leakdoc postmortem --prometheus URL --workload W --at T``."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Final

from leakdoc.cli.options import add_json, add_judging, instant, policies_of
from leakdoc.cli.output import print_json, print_lines
from leakdoc.cli.prometheus_options import add_prometheus, doubted, prometheus_of
from leakdoc.cli.verify_workload import trace_of_workload
from leakdoc.errors import SourceError, UsageError

if TYPE_CHECKING:
    from leakdoc.sampling.sources.prometheus.client import Prometheus

AFTER_S: Final = 600.0  # records of a kill, and the next life, come a few scrapes later


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the command's options."""
    parser.epilog = (
        "Growth of every life, since which build, against which load, whether it was an\n"
        "OOM kill or an eviction; and what no sample can tell, such as a spike between\n"
        "two scrapes. Exit code 0 when there is something to say.\n\n"
        "examples:\n"
        "  leakdoc postmortem --prometheus http://p:9090 --workload api --at 1764126720"
    )
    parser.add_argument("--at", type=instant, required=True, metavar="TIME", help="when it was killed")
    add_judging(parser)
    add_json(parser)
    add_prometheus(parser, workload=True)


def execute(args: argparse.Namespace) -> int:
    """Say what can still be said."""
    from leakdoc.model.postmortem_document import postmortem_document
    from leakdoc.reporting.postmortem_text import postmortem_lines
    from leakdoc.verification.postmortem import postmortem

    if args.workload is None:
        raise UsageError("which workload was killed?", help="Name it with --workload, as a scan calls it.")
    if args.until is None:
        args.until = args.at + AFTER_S
    with doubted(prometheus_of(args)) as prometheus:
        trace = trace_of_workload(args, prometheus)
        recorded, untold = _recorded(prometheus, trace.subject.name, args.at)
        until = scraped_until(prometheus, args.until)
    found = postmortem(trace, args.at, recorded=recorded, untold=untold, policies=policies_of(args), until=until)
    if args.json:
        print_json(postmortem_document(found))
    else:
        print_lines(postmortem_lines(found))
    return 0


def scraped_until(prometheus: Prometheus, until: float) -> float | None:
    """Return the end of what was looked at, or now; null where it is not told that anything was scraped then: samples
    of what runs end there too.
    """
    end = min(until, time.time() + prometheus.clock_ahead_s)
    try:
        return end if any(count > 0 for _, count in prometheus.query("count(up)", end)) else None
    except SourceError:
        return None


def _recorded(prometheus: Prometheus, workload: str, at: float) -> tuple[dict[str, float], str | None]:
    """Ask for the reasons of ends around the moment; else say why there is no answer."""
    from leakdoc.sampling.sources.prometheus.ends import reasons_of_ends

    try:
        return reasons_of_ends(prometheus, workload, at, AFTER_S), None
    except SourceError as error:
        return {}, error.message
