"""What the statistics keep between series so that a fleet is quick, given back where one watch looks now and then."""

from __future__ import annotations

from leakdoc.detection.stats.mixtures import forget_tables
from leakdoc.detection.stats.stage import forget_stages
from leakdoc.detection.stats.tail import forget_tails


def forget() -> None:
    """Let go of stages and tables; a watch on a growing trace would meet none of them again."""
    forget_stages()
    forget_tails()
    forget_tables()
