"""Score `verify` and what is usually done instead on labelled pairs: ``python -m benchmarks.proof.run --each 20``."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.proof.pairs import KINDS
from benchmarks.proof.scoring import OURS, PEERS, Scored, scored
from leakdoc.model.decision import ProofDecision

NORMALIZED, INCONCLUSIVE = ProofDecision.NORMALIZED, ProofDecision.INCONCLUSIVE
NAMES = [kind.__name__ for kind in KINDS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=20, help="pairs of every kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes that work at the same time")
    parser.add_argument("--kinds", action="store_true", help="show what became of every kind")
    parser.add_argument("--misses", action="store_true", help="show every pair on which ours was wrong or undecided")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="append each pair here; a run that was ended goes on")
    parser.add_argument("--so-far", action="store_true", help="tell what FILE has, and make no more")
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="KIND", help="these kinds alone")
    options = parser.parse_args()
    kinds, started = options.only or NAMES, time.perf_counter()
    every = list(scored(kinds, options.each, options.seed, options.jobs, options.keep, go_on=not options.so_far))
    took = time.perf_counter() - started
    print(f"{len(every)} pairs, {len(kinds)} kinds, seed {options.seed}; {took:.0f} s by {options.jobs} processes")
    print(f"{'method':16} {'false normalized':>17} {'recall':>7} {'conclusive':>11} {'right when so':>14} {'ms':>6}")
    for method in (OURS, *PEERS):
        took_ms = sum(each.took_s[method] for each in every) / max(len(every), 1) * 1e3
        print(f"{method:16} {_scores(every, method)} {took_ms:6.1f}")
        if options.kinds:
            _by_kind(every, method)
    _by_truth(every)
    _by_settling_rule(every)
    if options.misses:
        _misses(every)


def _scores(every: Sequence[Scored], method: str) -> str:
    wrong = sum(each.truth is not NORMALIZED and each.said[method] is NORMALIZED for each in every)
    negatives = sum(each.truth is not NORMALIZED for each in every)
    fixes = [each.said[method] for each in every if each.truth is NORMALIZED]
    decidable = [(each.truth, each.said[method]) for each in every if each.truth is not None]
    decided = [(truth, decision) for truth, decision in decidable if decision is not INCONCLUSIVE]
    right = sum(truth is decision for truth, decision in decided)
    recall = sum(decision is NORMALIZED for decision in fixes) / max(len(fixes), 1)
    return (
        f"{wrong:>9} of {negatives:<4} {recall:>7.3f} {len(decided) / max(len(decidable), 1):>11.3f} "
        f"{right / max(len(decided), 1):>14.3f}"
    )


def _by_kind(every: Sequence[Scored], method: str) -> None:
    for kind in dict.fromkeys(each.kind for each in every):
        counted = Counter(str(each.said[method]) for each in every if each.kind == kind)
        truth = next(each.truth for each in every if each.kind == kind)
        print(f"    {kind:18} truth {truth or 'not normalized':15} {dict(counted.most_common())}")


def _by_truth(every: Sequence[Scored]) -> None:
    """What ours said, by what is so."""
    print(f"{'truth':16} " + " ".join(f"{each:>12}" for each in ProofDecision))
    for truth in (*ProofDecision, None):
        said = Counter(each.said[OURS] for each in every if each.truth is truth)
        if said:
            print(f"{truth or 'not normalized':16} " + " ".join(f"{said[each]:>12}" for each in ProofDecision))


def _by_settling_rule(every: Sequence[Scored]) -> None:
    """By which rule of the growth judge a slope counted as settled, and how often `normalized` was false then."""
    print(f"{'slope settled by':20} {'pairs':>6} {'normalized':>11} {'falsely':>8}")
    for rule, many in Counter(each.settled_by for each in every if each.settled_by is not None).most_common():
        said = [each for each in every if each.settled_by == rule and each.said[OURS] is NORMALIZED]
        print(f"{rule:20} {many:>6} {len(said):>11} {sum(each.truth is not NORMALIZED for each in said):>8}")


def _misses(every: Sequence[Scored]) -> None:
    for each in every:
        said = each.said[OURS]
        if (each.truth is None and said is not NORMALIZED) or said is each.truth:
            continue
        print(
            f"{each.kind} {each.number}: {each.truth or 'not normalized'}, said {said}: {', '.join(each.open_checks)}"
        )


if __name__ == "__main__":
    main()
