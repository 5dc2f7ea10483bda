"""Print the laboratory's report: ``python -m benchmarks.detection [--each N] [--write FILE] [--data DIR]``."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import leakdoc
from benchmarks.detection import report as chapters
from benchmarks.detection import speed
from benchmarks.detection.score import Tally, score
from benchmarks.detection.suite import REPORT_SEED, hard_traces, live_traces, long_traces
from leakdoc.model.decision import Decision

_UNDECIDABLE = ("frag_churn", "leak_gc_saw")
_HEAD = """# The growth judge in its laboratory

Written by `python -m benchmarks.detection --write docs/benchmarks/detection.md`; do not edit. Thresholds were chosen on
other seeds than the one reported. Times are of a shared machine: read them as ratios.
"""


def main() -> None:
    """Run what was asked for."""
    options = _options()
    lines = [_HEAD]
    for line in _report(options):
        print(line, flush=True)
        lines.append(line)
    if options.write is not None:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text("\n".join(lines).rstrip() + "\n")


def _report(options: argparse.Namespace) -> Iterator[str]:
    seed = options.seed
    traces = [*long_traces(seed, options.each), *live_traces(seed, options.each), *hard_traces(seed, options.each)]
    yield f"{len(traces)} traces of {len({one.kind for one in traces})} kinds, seed {seed}.\n"
    report = score(traces, baselines=not options.no_baselines)
    yield from chapters.methods(report)
    yield from chapters.kinds(report, traces)
    yield from chapters.reliability(report)
    if options.looks:
        few = [*long_traces(seed + 1, options.looks), *live_traces(seed + 1, options.looks)]
        few += hard_traces(seed + 1, options.looks)
        yield from chapters.peeking(few)
        yield from chapters.times(chapters.Size(seed=seed, looks=options.looks, waits=options.looks, oracle=12))
        yield from chapters.promises(few)
        yield from chapters.parts(traces)
    if not options.no_speed:
        yield "## Speed, beside pymannkendall on the same series in the same run\n"
        yield from (f"- {line}" for line in speed.lines(options.series))
        yield ""
    for folder in options.data:
        yield from _folder(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--each", type=int, default=20, help="traces of every kind (default 20)")
    parser.add_argument("--seed", type=int, default=REPORT_SEED, help="never the seeds that thresholds were chosen on")
    parser.add_argument("--looks", type=int, default=3, help="traces of every kind for twenty looks; 0 for none")
    parser.add_argument("--series", type=int, default=10_000, help="series of the fleet whose speed is measured")
    parser.add_argument("--data", type=Path, action="append", default=[], help="a folder of CSV files; may be repeated")
    parser.add_argument("--write", type=Path, help="a Markdown file for the report")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--no-speed", action="store_true")
    return parser.parse_args()


def _folder(folder: Path) -> Iterator[str]:
    """Judge real runs as `leakdoc diagnose` does: a file named ``leak_*`` leaks, the others do not."""
    tally, decisions, wrong = Tally(), Counter[str](), []
    for path in sorted(folder.glob("*.csv")):
        found = leakdoc.diagnose(path)
        decisions[str(found.decision)] += 1
        alarm, leaks = found.decision is Decision.LEAKING, path.name.startswith("leak_")
        if not path.name.startswith(_UNDECIDABLE):
            tally.add(leaks, alarm)
            wrong += [path.stem] if alarm != leaks else []
    counts = ", ".join(f"{name} {count}" for name, count in decisions.most_common())
    yield f"## Real runs: {folder.name}\n"
    yield f"{counts}. Without the undecidable: {tally.hits} of {tally.hits + tally.misses} leaks found, "
    yield f"{tally.false_alarms} false alarms on {tally.calm + tally.false_alarms} others; wrong: {wrong or 'none'}.\n"


if __name__ == "__main__":
    main()
