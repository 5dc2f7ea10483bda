"""Where both versions ran side by side: does the canary not do what the stable version does in the same minutes?"""

from __future__ import annotations

import math
from typing import Final

from leakdoc.model.decision import CheckOutcome
from leakdoc.model.finding import Json
from leakdoc.model.proof import Check
from leakdoc.units import format_duration
from leakdoc.verification.channels import was_read
from leakdoc.verification.comparison import Comparison
from leakdoc.verification.side_by_side import overlap_s, side_by_side

PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN
NAME: Final = "side_by_side"


def beside(case: Comparison) -> Check:
    """Difference in differences; asked only where most of after ran beside before."""
    after = case.after
    together_s = overlap_s(case.before, after)
    lasts_s = float(after.times.max() - after.times.min()) if len(after) else 0.0
    if lasts_s <= 0.0 or together_s < case.policy.beside_share * lasts_s:
        return Check(name=NAME, outcome=PASSED, reason="after followed before: there was nothing beside it")
    if case.primary is None or not was_read(after, case.primary.leak.column):
        return Check(name=NAME, outcome=PASSED, reason="there is no leak to hold the two against each other in")
    found = side_by_side(case.before, after, case.primary.leak.column)
    if found is None:
        told = "both ran side by side, but share too few readings to hold one against the other"
        return Check(name=NAME, outcome=PASSED, reason=told)
    numbers: dict[str, Json] = {
        "together_s": together_s, "stretches": found.stretches, "stable_per_s": found.stable_per_s,
        "canary_per_s": found.canary_per_s, "share": found.share,
        "upper_share": found.upper_share if math.isfinite(found.upper_share) else None,
    }  # fmt: skip
    told = (
        f"in the same {format_duration(together_s)} the canary grew {max(found.share, 0.0):.0%} of the stable version"
    )
    if found.share >= case.policy.plain_share:
        return Check(name=NAME, outcome=FAILED, reason=told, numbers=numbers)
    settles = found.share < case.policy.flat_share and found.upper_share < case.policy.flat_upper_share
    most = f", at most {found.upper_share:.0%}" if math.isfinite(found.upper_share) else ""
    return Check(name=NAME, outcome=PASSED, reason=f"{told}{most}", numbers=numbers | {"settles": settles})
