"""All detectors' policies in one value, so that one ``--policy`` option reaches any of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace

from leakdoc.detection.detectors.connection_policies import (
    ChurnPolicy,
    CloseWaitPolicy,
    ConcurrencyPolicy,
    DescriptorsPolicy,
    HalfOpenPolicy,
    PoolPolicy,
    TransactionPolicy,
    UpstreamPolicy,
)
from leakdoc.detection.detectors.connections_policy import ConnectionsPolicy
from leakdoc.detection.policy import with_setting
from leakdoc.detection.stats.policy import GrowthPolicy
from leakdoc.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """One policy per detector."""

    growth: GrowthPolicy = field(default_factory=GrowthPolicy)
    connections: ConnectionsPolicy = field(default_factory=ConnectionsPolicy)
    close_wait: CloseWaitPolicy = field(default_factory=CloseWaitPolicy)
    descriptors: DescriptorsPolicy = field(default_factory=DescriptorsPolicy)
    pool: PoolPolicy = field(default_factory=PoolPolicy)
    transactions: TransactionPolicy = field(default_factory=TransactionPolicy)
    churn: ChurnPolicy = field(default_factory=ChurnPolicy)
    upstream: UpstreamPolicy = field(default_factory=UpstreamPolicy)
    half_open: HalfOpenPolicy = field(default_factory=HalfOpenPolicy)
    concurrency: ConcurrencyPolicy = field(default_factory=ConcurrencyPolicy)

    def with_settings(self, texts: Iterable[str]) -> Policies:
        """Return these policies with settings such as ``growth.smallest=1MiB/h`` applied, in order.

        Raises:
            UsageError: a text is not of that form, or names no setting, or its value does not fit.
        """
        policies = self
        for text in texts:
            policies = policies._with(text)
        return policies

    def _with(self, text: str) -> Policies:
        path, equals, value = text.partition("=")
        detector, dot, name = path.strip().partition(".")
        known = [each.name for each in fields(self)]
        if not equals or not dot or detector not in known:
            raise UsageError(
                f"not a policy setting: {text!r}",
                help=f"Write it like growth.smallest=1MiB/h; there are policies for {', '.join(known)}.",
            )
        return replace(self, **{detector: with_setting(getattr(self, detector), name, value)})
