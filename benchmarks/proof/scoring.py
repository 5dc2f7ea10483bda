"""What every method says of every pair, on as many processes as there is room for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.proof.baselines import alert_went_quiet, bootstrap_slopes, hac_slopes, kayenta, naive_slopes, welch
from benchmarks.proof.pairs import KINDS, pair
from leakdoc.model.decision import CheckOutcome, ProofDecision
from leakdoc.model.proof import Proof
from leakdoc.model.trace import Trace
from leakdoc.verification.rules import stands_against
from leakdoc.verification.verify import verify

Method = Callable[[Trace, Trace], ProofDecision]
OURS: Final = "leakdoc verify"
PEERS: Final[dict[str, Method]] = {
    "naive slopes": naive_slopes,
    "HAC slopes": hac_slopes,
    "block bootstrap": bootstrap_slopes,
    "Welch's test": welch,
    "Mann-Whitney": kayenta,
    "alert went quiet": alert_went_quiet,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One pair and what was said of it.

    Args:
        said: the decision, by method.
        took_s: seconds, by method.
        settled_by: the rule of the growth judge by which our slope was settled; null where it was not.
        open_checks: the checks that kept ours from `normalized`.
    """

    kind: str
    number: int
    truth: ProofDecision | None
    said: dict[str, ProofDecision]
    took_s: dict[str, float]
    settled_by: str | None
    open_checks: tuple[str, ...]


def scored(
    kinds: list[str], each: int, seed: int, jobs: int, kept: Path | None = None, *, go_on: bool = True
) -> Iterator[Scored]:
    """Yield every pair of every kind, scored, one of each kind after the other, so that a part of them is a fair part.

    Args:
        kept: a file to which each is appended; those that it has already are not made again.
        go_on: whether those that it has not are made.
    """
    had = {} if kept is None or not kept.exists() else {(one.kind, one.number): one for one in _read(kept, seed)}
    tasks = [(kind, number) for number in range(each) for kind in kinds]
    yield from (had[task] for task in tasks if task in had)
    if not go_on:
        return
    score = partial(_score, seed=seed)
    with ProcessPoolExecutor(max(jobs, 1)) as pool:
        for one in pool.map(score, [task for task in tasks if task not in had], chunksize=4):
            if kept is not None:
                with kept.open("a", encoding="utf-8") as opened:
                    opened.write(f"{json.dumps(asdict(one) | {'seed': seed})}\n")
            yield one


def _read(kept: Path, seed: int) -> Iterator[Scored]:
    for line in kept.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        if told.pop("seed") == seed:
            told["truth"] = None if told["truth"] is None else ProofDecision(told["truth"])
            told["said"] = {name: ProofDecision(word) for name, word in told["said"].items()}
            yield Scored(**told | {"open_checks": tuple(told["open_checks"])})


def _score(task: tuple[str, int], seed: int) -> Scored:
    made = pair(*task, seed)
    started = time.perf_counter()
    proof = verify(made.before, made.after)
    said, took_s = {OURS: proof.decision}, {OURS: time.perf_counter() - started}
    for name, method in PEERS.items():
        started = time.perf_counter()
        said[name] = method(made.before, made.after)
        took_s[name] = time.perf_counter() - started
    return Scored(
        kind=made.kind,
        number=task[1],
        truth=KINDS[next(each for each in KINDS if each.__name__ == made.kind)],
        said=said,
        took_s=took_s,
        settled_by=_settled_by(proof),
        open_checks=tuple(check.name for check in proof.checks if stands_against(check)),
    )


def _settled_by(proof: Proof) -> str | None:
    slope = next(check for check in proof.checks if check.name == "slope")
    return str(slope.numbers.get("rule")) if slope.outcome is CheckOutcome.PASSED else None
