"""Options by which several commands reach a Prometheus, and how they are read."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from leakdoc.cli.options import instant, positive_duration
from leakdoc.cli.output import tell
from leakdoc.errors import UsageError
from leakdoc.redact import inert, without_secrets
from leakdoc.units import format_time

if TYPE_CHECKING:
    from leakdoc.sampling.sources.prometheus.client import Prometheus
    from leakdoc.sampling.sources.prometheus.conventions import Conventions
    from leakdoc.sampling.sources.prometheus.fleet import Fleet, Window
    from leakdoc.sampling.sources.prometheus.protobuf import Matcher

SINCE_S = 2 * 86_400.0  # two daily periods: one cannot be told from a leak


def add_prometheus(parser: argparse.ArgumentParser, *, workload: bool = False) -> None:
    """Let the samples come from a Prometheus, or anything that speaks its API."""
    group = parser.add_argument_group(
        "prometheus", "or Thanos, Mimir, Cortex, VictoriaMetrics; secrets as env:NAME, file:PATH"
    )
    group.add_argument("--prometheus", metavar="URL", help="where it is, e.g. http://localhost:9090")
    group.add_argument(
        "--match", action="append", default=[], metavar="LABELS",
        help="only series with these labels, e.g. 'namespace=\"shop\"'",
    )  # fmt: skip
    if workload:
        group.add_argument("--workload", metavar="NAME", help="as a scan calls it, or its end: shop/api/web, api/web")
        group.add_argument(
            "--stable", metavar="NAME", help="what runs the old build, if called otherwise: shop/api-primary/web"
        )
    group.add_argument(
        "--since", type=positive_duration, default=SINCE_S, metavar="TIME", help="how far back to look (default: 2d)"
    )
    group.add_argument("--until", type=instant, metavar="WHEN", help="the end of what is looked at (default: now)")
    group.add_argument(
        "--metric", action="append", default=[], metavar="NAME[=COLUMN]",
        help="one more metric to read, e.g. my_rss=rss_bytes",
    )  # fmt: skip
    group.add_argument(
        "--prometheus-config", metavar="FILE", help="a TOML file with url, bearer_token, ... (docs/fleet.md)"
    )
    group.add_argument("--prometheus-bearer", metavar="REF", help="a bearer token: env:NAME or file:PATH")
    group.add_argument("--prometheus-basic", metavar="USER:REF", help="a user and the password's env:NAME or file:PATH")
    group.add_argument("--prometheus-org", metavar="TENANT", help="sent as X-Scope-OrgID")
    group.add_argument("--prometheus-ca", metavar="FILE", help="certificates to trust")
    group.add_argument("--prometheus-cert", metavar="FILE", help="our certificate, which may hold the key")
    group.add_argument("--prometheus-key", metavar="FILE", help="its key")


@contextmanager
def doubted(prometheus: Prometheus) -> Iterator[Prometheus]:
    """Close a server when all is asked, and tell what casts doubt on its answers."""
    from leakdoc.sampling.sources.prometheus.doubts import doubts_of

    try:
        with prometheus:
            yield prometheus
    finally:  # what came to nothing may have done so because of them
        for each in doubts_of(prometheus):
            tell(f"{each[0].upper()}{each[1:]}")


def prometheus_of(args: argparse.Namespace) -> Prometheus:
    """Return the server that the options name."""
    from leakdoc.sampling.sources.prometheus.access import access_of
    from leakdoc.sampling.sources.prometheus.client import Prometheus

    username = password = None
    if args.prometheus_basic is not None:
        username, colon, password = args.prometheus_basic.partition(":")
        if not username or not colon:
            raise UsageError("--prometheus-basic takes USER:env:NAME or USER:file:PATH")
    access = access_of(
        args.prometheus, config=args.prometheus_config, bearer_token=args.prometheus_bearer, username=username,
        password=password, org_id=args.prometheus_org, ca_file=args.prometheus_ca, cert_file=args.prometheus_cert,
        key_file=args.prometheus_key,
    )  # fmt: skip
    return Prometheus(access)


def conventions_of(args: argparse.Namespace) -> Conventions:
    """Return the built-in conventions with the metrics of ``--metric``."""
    from leakdoc.sampling.sources.prometheus.conventions import built_in, with_metric

    conventions = built_in()
    for text in reversed(args.metric):
        conventions = with_metric(conventions, text)
    return conventions


def matchers_of(args: argparse.Namespace) -> list[Matcher]:
    """Return what ``--match`` asks of every series."""
    from leakdoc.sampling.sources.prometheus.promql import matchers_of as read

    return [matcher for text in args.match for matcher in read(text)]


def window_of(args: argparse.Namespace) -> Window:
    """Return the part of history that ``--since`` and ``--until`` ask for."""
    from leakdoc.sampling.sources.prometheus.fleet import Window

    end = time.time() if args.until is None else args.until
    return Window(start=max(end - args.since, 0.0), end=end)  # nobody scraped before there was an epoch


def source_of(fleet: Fleet) -> str:
    """Say where the samples of a fleet are from, and of when; an address holds no credentials."""
    start, end = (format_time(round(each)) for each in (fleet.window.start, fleet.window.end))
    return f"the Prometheus at {without_secrets(inert(fleet.prometheus.access.url))}, from {start} to {end}"


def fleet_of(args: argparse.Namespace, prometheus: Prometheus) -> Fleet:
    """Return the subjects of a server that the options ask for, without their CPU time, on which no scan rests."""
    from leakdoc.sampling.sources.prometheus.fleet import Fleet

    return Fleet(
        prometheus, conventions_of(args), window_of(args), match=matchers_of(args),
        without=frozenset({"cpu_seconds_total"}),
    )  # fmt: skip
