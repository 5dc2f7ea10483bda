"""The verdicts on many subjects, and how far they can be trusted together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.packed import PackedDiagnoses
from leakdoc.model.urgency import most_urgent_first


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """How many of a fleet's faults are expected to be false.

    Args:
        faults: how many subjects are said to have a fault.
        expected_false: how many of those are expected to have none, by the confidence of each verdict; null where
            no verdict has one.
        level: the share of false ones that is accepted.
        tentative: the subjects whose verdicts, the least sure first, would have to be set aside to keep to it.
    """

    faults: int
    expected_false: float | None
    level: float
    tentative: tuple[str, ...] = ()

    @property
    def rate(self) -> float | None:
        """The expected share of false faults; null where there is none to speak of."""
        return None if self.expected_false is None or not self.faults else self.expected_false / self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The verdicts on every subject of a folder, or of a Prometheus.

    Args:
        diagnoses: of a folder in the order of its files; of a Prometheus by urgency.
        skipped: subject to the reason why it was not judged.
        notes: what was done to get at the samples, in words.
        left_out: how many subjects were judged and are not listed, being not what was asked for.
        source: where the samples are from, and of when, in words.
    """

    diagnoses: Sequence[Diagnosis]
    skipped: Mapping[str, str]
    discovery: Discovery
    notes: tuple[str, ...] = field(default=())
    left_out: int = 0
    source: str | None = None

    @property
    def ranked(self) -> Sequence[Diagnosis]:
        """The diagnoses, the most urgent first."""
        if isinstance(self.diagnoses, PackedDiagnoses):
            return self.diagnoses.most_urgent_first()
        return most_urgent_first(self.diagnoses)

    @property
    def counts(self) -> dict[Decision, int]:
        """How many subjects each decision has, in the order of severity; decisions without any are left out."""
        of_each = dict.fromkeys(Decision, 0)
        packed = self.diagnoses if isinstance(self.diagnoses, PackedDiagnoses) else None
        decisions = packed.decisions if packed is not None else [each.decision for each in self.diagnoses]
        for decision in decisions:
            of_each[decision] += 1
        return {decision: count for decision, count in of_each.items() if count}
