"""Print the laboratory's table: ``python -m benchmarks.detection [--each N] [--data DIR]``."""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.detection.score import Report, Tally, score, score_looks
from benchmarks.detection.suite import REPORT_SEED, live_traces, long_traces
from leakdoc.detection.stats.growth import judge
from leakdoc.detection.stats.series import Series
from leakdoc.units import Unit

_DECISIONS = ("leaking", "warming_up", "load_driven", "stable", "inconclusive")
_UNDECIDABLE = ("frag_churn", "leak_gc_saw")


def main() -> None:
    """Run what was asked for."""
    options = _options()
    traces = [*long_traces(options.seed, options.each), *live_traces(options.seed, options.each)]
    report = score(traces, baselines=not options.no_baselines)
    _print_methods(report, len(traces))
    _print_decisions(report)
    _print_quality(report)
    if options.looks:
        _print_looks(options.seed, options.looks)
    for folder in options.data:
        _print_folder(folder)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--each", type=int, default=30, help="traces of every kind (default 30)")
    parser.add_argument("--seed", type=int, default=REPORT_SEED, help="never the seeds that thresholds were chosen on")
    parser.add_argument("--looks", type=int, default=5, help="traces of every kind for the peeking table; 0 for none")
    parser.add_argument("--data", type=Path, action="append", default=[], help="a folder of CSV files; may be repeated")
    parser.add_argument("--no-baselines", action="store_true")
    return parser.parse_args()


def _row(name: str, tally: Tally) -> str:
    cost = f"{1e3 * float(np.mean(tally.seconds)):8.1f}" if any(tally.seconds) else "       -"
    numbers = f"{tally.precision:9.3f} {tally.recall:7.3f} {tally.f1:6.3f} {tally.false_alarm_rate:12.4f}"
    return f"{name:34} {numbers} {cost}"


def _print_methods(report: Report, traces: int) -> None:
    print(f"{traces} traces")
    print(f"{'method':34} {'precision':>9} {'recall':>7} {'F1':>6} {'false alarms':>12} {'CPU ms':>8}")
    for name, tally in report.methods.items():
        print(_row(name, tally))


def _print_decisions(report: Report) -> None:
    print(f"\n{'kind':24} " + " ".join(f"{name:>12}" for name in _DECISIONS) + f" {'unfair':>8}")
    for kind, found in report.decisions.items():
        counts = " ".join(f"{found[name] or '':>12}" for name in _DECISIONS)
        print(f"{kind:24} {counts} {report.unfair[kind] or '':>8}")


def _print_quality(report: Report) -> None:
    for leak, covered in report.covered.items():
        print(
            f"\n95 % intervals hold the true slope: {np.mean(covered):.3f} of {'leaks' if leak else 'the others'}",
            end="",
        )
    print("\n\nprobability   traces   of them leaks")
    chances = np.asarray([chance for chance, _ in report.chances])
    leaks = np.asarray([leak for _, leak in report.chances])
    for low in np.arange(0.0, 1.0, 0.2):
        rows = (chances >= low) & ((chances < low + 0.2) | (low > 0.7))
        if np.any(rows):
            print(f"{low:.1f} to {low + 0.2:.1f} {np.sum(rows):9} {np.mean(leaks[rows]):12.3f}")


def _print_looks(seed: int, each: int) -> None:
    traces = [*long_traces(seed, each), *live_traces(seed, each)]
    print(f"\ntwenty looks at {len(traces)} traces")
    print(_row("unaware of the looks", score_looks(traces, spends=False, patient=False)))
    print(_row("spending, no patience", score_looks(traces, spends=True, patient=False)))
    print(_row("as a watch looks", score_looks(traces, spends=True, patient=True)))


def _print_folder(folder: Path) -> None:
    tally, decisions, flagged = Tally(), Counter[str](), []
    for path in sorted(folder.glob("*.csv")):
        found = judge(_read(path))
        decisions[str(found.decision)] += 1
        alarm = found.decision == "leaking"
        if not path.name.startswith(_UNDECIDABLE):
            tally.add(path.name.startswith("leak_"), alarm)
            flagged += [path.stem] if alarm != path.name.startswith("leak_") else []
    print(f"\n{folder.name}: {dict(decisions)}\n{_row('without the undecidable', tally)}\nwrong: {flagged or 'none'}")


def _read(path: Path) -> Series:
    with path.open(newline="") as source:
        rows = list(csv.DictReader(source))
    numbers = {name: np.asarray([float(row[name] or "nan") for row in rows]) for name in rows[0]}
    metric = next(name for name in numbers if name.endswith("_bytes") and name != "limit_bytes")
    unit: Unit = "bytes"
    return Series(
        times_s=numbers["time"], values=numbers[metric], life=np.zeros(len(rows), dtype=np.intp),
        life_started_s=np.asarray([np.nan]), unit=unit, load=numbers.get("requests_total"),
    )  # fmt: skip


if __name__ == "__main__":
    main()
