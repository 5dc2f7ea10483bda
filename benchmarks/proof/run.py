"""Score `verify` and what is usually done instead on labelled pairs: ``python -m benchmarks.proof.run --each 20``."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence

from benchmarks.proof.baselines import alert_went_quiet, bootstrap_slopes, hac_slopes, kayenta, naive_slopes, welch
from benchmarks.proof.pairs import Pair, pairs
from leakdoc.model.decision import ProofDecision
from leakdoc.model.trace import Trace
from leakdoc.verification.verify import verify

Method = Callable[[Trace, Trace], ProofDecision]
NORMALIZED, INCONCLUSIVE = ProofDecision.NORMALIZED, ProofDecision.INCONCLUSIVE


def ours(before: Trace, after: Trace) -> ProofDecision:
    return verify(before, after).decision


METHODS: dict[str, Method] = {
    "leakdoc verify": ours,
    "naive slopes": naive_slopes,
    "HAC slopes": hac_slopes,
    "block bootstrap": bootstrap_slopes,
    "Welch's test": welch,
    "Mann-Whitney": kayenta,
    "alert went quiet": alert_went_quiet,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=20, help="pairs of every kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", action="store_true", help="show what became of every kind")
    options = parser.parse_args()
    every = list(pairs(options.each, options.seed))
    print(f"{len(every)} pairs, {len({pair.kind for pair in every})} kinds, seed {options.seed}", flush=True)
    print(f"{'method':16} {'false normalized':>17} {'recall':>7} {'conclusive':>11} {'right when so':>14} {'ms':>6}")
    for name, method in METHODS.items():
        started = time.perf_counter()
        said = [method(pair.before, pair.after) for pair in every]
        took = (time.perf_counter() - started) / len(every) * 1e3
        print(f"{name:16} {_scores(every, said)} {took:6.1f}", flush=True)
        if options.kinds:
            _by_kind(every, said)


def _scores(every: Sequence[Pair], said: Sequence[ProofDecision]) -> str:
    both = list(zip(every, said, strict=True))
    wrong = [pair for pair, decision in both if pair.truth is not NORMALIZED and decision is NORMALIZED]
    negatives = sum(pair.truth is not NORMALIZED for pair in every)
    fixes = [decision for pair, decision in both if pair.truth is NORMALIZED]
    decidable = [(pair.truth, decision) for pair, decision in both if pair.truth is not None]
    decided = [(truth, decision) for truth, decision in decidable if decision is not INCONCLUSIVE]
    right = sum(truth is decision for truth, decision in decided)
    recall = sum(decision is NORMALIZED for decision in fixes) / len(fixes)
    return (
        f"{len(wrong):>9} of {negatives:<4} {recall:>7.3f} {len(decided) / len(decidable):>11.3f} "
        f"{right / max(len(decided), 1):>14.3f}"
    )


def _by_kind(every: Sequence[Pair], said: Sequence[ProofDecision]) -> None:
    for kind in dict.fromkeys(pair.kind for pair in every):
        counted = Counter(str(word) for pair, word in zip(every, said, strict=True) if pair.kind == kind)
        truth = next(pair.truth for pair in every if pair.kind == kind)
        print(f"    {kind:18} truth {truth or 'not normalized':15} {dict(counted.most_common())}")


if __name__ == "__main__":
    main()
