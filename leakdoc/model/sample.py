"""One reading of one process at one instant, and the key that names a column everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from leakdoc.model.subject import ProcessIdentity


class Column(NamedTuple):
    """The name of one column: a metric and its labels, sorted by label name.

    >>> Column("connections", (("peer", "10.0.0.5:5432"), ("state", "ESTABLISHED"))).text
    'connections{peer="10.0.0.5:5432",state="ESTABLISHED"}'
    """

    metric: str
    labels: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, metric: str, /, **labels: str) -> Column:
        """Make a column; the order in which labels are given does not matter."""
        return cls(metric, tuple(sorted(labels.items())))

    def label(self, name: str) -> str | None:
        """Return the value of one label, or null."""
        return dict(self.labels).get(name)

    @property
    def text(self) -> str:
        """The column as Prometheus writes a series."""
        if not self.labels:
            return self.metric
        escaped = (f'{name}="{_escape(value)}"' for name, value in self.labels)
        return f"{self.metric}{{{','.join(escaped)}}}"


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Reason(StrEnum):
    """Why a value could not be read."""

    DENIED = "denied"
    GONE = "gone"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One reading of one process at one instant.

    Args:
        at: seconds since the epoch, UTC.
        process: whose values these are.
        values: what was read, by column; what could not be read is absent.
        unavailable: metric to the reason why it is absent.
    """

    at: float
    process: ProcessIdentity
    values: Mapping[Column, float]
    unavailable: Mapping[str, str] = field(default_factory=dict)
