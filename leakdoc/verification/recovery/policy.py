"""Every threshold of a proof of recovery: its unit, its default and the reason for it."""

from __future__ import annotations

from dataclasses import dataclass

from leakdoc.detection.policy import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPolicy:
    """How far from its baseline a channel may stay, and what must have been seen before anything is said.

    The excess is how far the incident lifted a channel's level above its baseline.
    """

    incident_at: float = setting(
        0.0, unit="number", why="where the incident began, since the epoch: what came before is the baseline"
    )
    deviations: float = setting(
        4.0, unit="number", why="an incident stands out of the baseline's own scatter by four deviations"
    )
    least_share: float = setting(0.2, unit="fraction", why="... and by a fifth of the baseline's level")
    least_count: float = setting(1.0, unit="number", why="... or by one thing, where things are counted")
    back_share: float = setting(
        0.2, unit="fraction", why="a fifth of the excess, at 95 %, may be left: less is hard to tell from the baseline"
    )
    improved_share: float = setting(0.6, unit="fraction", why="more of the excess than that is no improvement")
    worse_share: float = setting(1.2, unit="number", why="a fifth more than the incident's own excess")
    peak_quantile: float = setting(0.98, unit="fraction", why="the highest of a side, without lone spikes")
    spikes_share: float = setting(
        0.05, unit="fraction", why="of the readings after may stand where only the incident's did"
    )
    onset_share: float = setting(
        1.0, unit="number", why="watched for as long as the incident took to show after it began"
    )
    least_bins: int = setting(8, unit="count", why="fewer medians tell no scatter")
    most_bins: int = setting(40, unit="count", why="a median each, so that neighbouring readings count once")
    least_readings: int = setting(30, unit="count", why="as the growth judge asks for")
    last_part: float = setting(0.25, unit="fraction", why="it must stand at the baseline at its end too")
