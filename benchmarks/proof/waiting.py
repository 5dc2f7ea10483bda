"""How long a true fix waits for its proof: ``python -m benchmarks.proof.waiting``, against the shortest exposure.

The shortest exposure is when the old leak would have stood out of the new noise, as the check `exposure` asks, with
15 % of the requests and the readings that any verdict needs; no method that asks for it could be quicker.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np

from benchmarks.proof.pairs import KINDS, Pair, pair
from leakdoc.detection.policies import Policies
from leakdoc.model.decision import ProofDecision
from leakdoc.model.proof import Proof
from leakdoc.testing.clock import FakeClock
from leakdoc.verification.policy import VerificationPolicy
from leakdoc.verification.verify import verify
from leakdoc.verification.waiting import until_decided
from leakdoc.verification.windows import keep
from leakdoc.verification.work import work_of

LEAST_READINGS = 30
_OF_WORKERS = ("workers_fix",)  # several lives: there is no one exposure


def waited_s(pair: Pair) -> float | None:
    """Return when the waiting decided, in seconds since the new processes began; null where it did not."""
    clock, start = FakeClock(), float(pair.after.times.min())
    lasts = float(np.ptp(pair.after.times))

    def look(policies: Policies) -> Proof | None:
        seen = keep(pair.after, pair.after.times <= start + clock.monotonic())
        return verify(pair.before, seen, policies=policies) if len(seen) > 2 else None

    ended = until_decided(look, policies=Policies(), for_s=lasts, ended=lambda: clock.monotonic() >= lasts, clock=clock)
    proven = ended.proof is not None and ended.proof.decision is ProofDecision.NORMALIZED
    return clock.monotonic() if proven else None


def shortest_s(pair: Pair, proof: Proof) -> float | None:
    """Return the shortest exposure; null where the proof names none."""
    policy = VerificationPolicy()
    told = next(each.numbers for each in proof.checks if each.name == "exposure")
    rate, required = told.get("old_rate_per_hour"), told.get("required")
    if not isinstance(rate, float) or not isinstance(required, float) or rate <= 0.0:
        return None
    visible = required / (rate / 3_600.0)
    readings = LEAST_READINGS * float(np.median(np.diff(pair.after.times)))
    before, after = work_of(pair.before, "requests_total"), work_of(pair.after, "requests_total")
    asked = policy.requests_share * before.total / after.per_s if before and after and after.per_s > 0.0 else 0.0
    return max(visible, readings, asked)


def ratio_of(task: tuple[str, int], seed: int) -> float | None:
    """Return how long a pair waited, against the shortest exposure; null where it was not proven in its window."""
    made = pair(*task, seed)
    least, took = shortest_s(made, verify(made.before, made.after)), waited_s(made)
    return None if took is None or least is None else took / least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes that work at the same time")
    options = parser.parse_args()
    fixed = [kind.__name__ for kind, truth in KINDS.items() if truth is ProofDecision.NORMALIZED]
    tasks = [(kind, number) for kind in fixed if kind not in _OF_WORKERS for number in range(options.each)]
    with ProcessPoolExecutor(options.jobs) as pool:
        found = list(pool.map(partial(ratio_of, seed=options.seed), tasks))
    ratios = [each for each in found if each is not None]
    missed = len(found) - len(ratios)
    names = ("quarter", "median", "three quarters", "nine tenths")
    told = zip(names, np.quantile(ratios, [0.25, 0.5, 0.75, 0.9]).tolist(), strict=True)
    print(f"{len(found)} true fixes, seed {options.seed}: {len(ratios)} proven within their window, {missed} not")
    print("time until proven, against the shortest exposure: " + ", ".join(f"{name} {x:.2f}x" for name, x in told))


if __name__ == "__main__":
    main()
