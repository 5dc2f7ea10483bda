"""Print the laboratory's report: ``python -m benchmarks.detection [--jobs N] [--write FILE] [--data DIR]``."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import leakdoc
from benchmarks.detection import report as chapters
from benchmarks.detection import speed
from benchmarks.detection.ablations import ablations
from benchmarks.detection.aims import Measured, against
from benchmarks.detection.oracle import detection_times
from benchmarks.detection.scene import Labelled
from benchmarks.detection.score import Tally, score, score_looks
from benchmarks.detection.suite import REPORT_SEED, hard_traces, live_traces, long_traces
from benchmarks.detection.waiting import waits
from leakdoc.model.decision import Decision

_UNDECIDABLE = ("frag_churn", "leak_gc_saw")
_HEAD = """# The growth judge in its laboratory

Written by `python -m benchmarks.detection --write docs/benchmarks/detection.md`; do not edit. Thresholds were chosen on
other seeds than the one reported. Times are CPU times on a shared machine: read them as ratios.
"""
_LOOKS = {
    "unaware of the looks": (False, False), "spending only": (True, False), "as `watch` looks": (True, True),
}  # fmt: skip


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
    found, jobs = Measured(), options.jobs
    busy = f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} processors"
    size = f"--each {options.each} --compared {options.compared} --looks {options.looks} --oracle {options.oracle}"
    yield f"Seed {options.seed}, `{size} --jobs {jobs}`; load of the machine at the start {busy}.\n"
    yield from _one_look(options, found)
    if options.looks:
        few = list(_suite(options.seed + 1, options.looks))
        tallies = {
            name: score_looks(few, spends=spends, patient=patient, jobs=jobs)
            for name, (spends, patient) in _LOOKS.items()
        }
        found.looks = tallies["as `watch` looks"]
        yield from chapters.peeking(tallies)
        found.times = detection_times(options.seed, options.oracle, jobs)
        yield from chapters.times(found.times)
        found.waits = waits(few, jobs)
        yield from chapters.promises(found.waits)
        yield from chapters.parts(ablations(list(_suite(options.seed, options.compared)), jobs))
    if not options.no_speed:
        found.speeds = speed.measured(options.series)
        yield "## Speed, beside pymannkendall on the same series in the same run\n"
        yield from (f"- {line}" for line in speed.lines(found.speeds, options.series))
        yield "\nWhat bounds it, and how much memory it takes: [detection-speed.md](detection-speed.md).\n"
    for folder in options.data:
        yield from _folder(folder)
    yield from against(found)


def _one_look(options: argparse.Namespace, found: Measured) -> Iterator[str]:
    """All methods on some traces, and the judge alone on many."""
    if options.compared and not options.no_baselines:
        some = list(_suite(options.seed, options.compared))
        yield f"## One look at {len(some)} traces, {options.compared} of each kind\n"
        yield from chapters.methods(score(some, jobs=options.jobs))
    traces = list(_suite(options.seed, options.each))
    found.traces, found.report = traces, score(traces, baselines=False, jobs=options.jobs)
    yield f"## {len(traces)} traces of {len({one.kind for one in traces})} kinds, {options.each} of each\n"
    yield from chapters.methods(found.report)
    yield from chapters.kinds(found.report, traces)
    yield from chapters.reliability(found.report)


def _suite(seed: int, each: int) -> Iterator[Labelled]:
    """Traces of every kind."""
    for traces in (long_traces, live_traces, hard_traces):
        yield from traces(seed, each)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--each", type=int, default=120, help="traces of every kind for the judge (default 120)")
    parser.add_argument("--compared", type=int, default=20, help="of these, for all methods and without parts (20)")
    parser.add_argument("--looks", type=int, default=6, help="of every kind for twenty looks and waits; 0 for none (6)")
    parser.add_argument("--oracle", type=int, default=40, help="leaks of each kind beside an oracle (default 40)")
    parser.add_argument("--seed", type=int, default=REPORT_SEED, help="never the seeds that thresholds were chosen on")
    parser.add_argument("--series", type=int, default=10_000, help="series of the fleet whose speed is measured")
    parser.add_argument("--jobs", type=int, default=1, help="processes to spread it over; speed is measured in one")
    parser.add_argument("--data", type=Path, action="append", default=[], help="a folder of CSV files; may be repeated")
    parser.add_argument("--write", type=Path, help="a Markdown file for the report")
    parser.add_argument("--no-baselines", action="store_true")
    parser.add_argument("--no-speed", action="store_true")
    asked = parser.parse_args()
    for folder in asked.data:
        _recordings(folder)  # before an hour is spent
    return asked


def _recordings(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.csv"))
    if not found:
        raise SystemExit(f"there is no CSV file in {folder}: name the folder that has them with --data")
    return found


def _folder(folder: Path) -> Iterator[str]:
    """Judge real runs as `leakdoc diagnose` does: a file named ``leak_*`` leaks, the others do not."""
    tally, decisions, wrong = Tally(), Counter[str](), []
    for path in _recordings(folder):
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
