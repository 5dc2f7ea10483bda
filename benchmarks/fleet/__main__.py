"""The fleet's figures: ``python -m benchmarks.fleet --series 1000,10000,100000 --pods 2000 --files 48``.

Everything is measured side by side in one run: the scan as a process of its own, the server's processor time, and
named peers on a part of the series, scaled to all of them.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.fleet import files, measures
from benchmarks.fleet.data import filled
from benchmarks.fleet.server import serving

HOURS = 24
PEER_SERIES = 200
COMPARED = 400
MOST_BY_MEDIANS = 2_000  # series, of which a server is asked as if it had no remote read


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", default="1000", help="how many, separated by commas (default: 1000)")
    parser.add_argument("--pods", type=int, help="scan one workload of so many pods too")
    parser.add_argument("--files", type=int, help="scan a folder of so many Parquet files of a million rows too")
    parser.add_argument("--step", type=int, default=60, help="seconds between samples (default: 60)")
    parser.add_argument("--data", type=Path, help="where the blocks are kept (default: a temporary folder)")
    parser.add_argument("--on-a-grid", action="store_true", help="all scraped at once, no scrape missing, no starts")
    parser.add_argument("--scan-only", action="store_true", help="without the peers")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for count in map(int, args.series.split(",")):
            data = filled(
                args.data or Path(scratch), series=count, step_s=args.step, hours=HOURS, on_a_grid=args.on_a_grid
            )
            report(data, count, args.step, with_peers=not args.scan_only)
        if args.pods:
            folder = args.data or Path(scratch)
            report_pods(filled(folder, series=args.pods, step_s=args.step, hours=HOURS, one_workload=True), args.pods)
    if args.files:
        files.report(args.files)
    return 0


def report_pods(data: Path, count: int) -> None:
    """Scan one workload, and print what it took."""
    with serving(data) as server:
        scanned = measures.scan(server, HOURS)
    print(f"-- one workload of {count:,} pods")
    print(f"scan: {scanned.wall_s:.1f} s, {scanned.cpu_s:.1f} s of processor, peak memory {scanned.peak_mb:.0f} MB")


def report(data: Path, count: int, step_s: int, *, with_peers: bool) -> None:
    """Measure one fleet, and print its figures."""
    print(f"-- {count:,} series x {HOURS} h at {step_s} s", flush=True)
    with serving(data) as server:
        best = min((measures.scan(server, HOURS) for _ in range(2)), key=lambda each: each.wall_s)
        print(
            f"scan: {best.wall_s:.2f} s ({1e3 * best.wall_s / count:.2f} ms a series), {best.cpu_s:.2f} s of processor"
        )
        two = measures.scan(server, HOURS, 2)
        print(f"scan --jobs 2: {two.wall_s:.2f} s ({1e3 * two.wall_s / count:.2f} ms a series)")
        print(f"peak memory of the scan: {best.peak_mb:.0f} MB", flush=True)
        if not with_peers:
            return
        wall, cpu = measures.plain_query(server, HOURS, step_s)
        print(f"one plain query_range of everything, unparsed: {wall:.2f} s")
        share = best.server_cpu_s / cpu
        print(f"server CPU: scan {best.server_cpu_s:.2f} s, plain query {cpu:.2f} s ({share:.2f} of it)", flush=True)
        hosts = [f"host-{at:06}:80" for at in range(0, count, max(count // PEER_SERIES, 1))][:PEER_SERIES]
        peers = measures.by_peers(server, HOURS, step_s, hosts)
        scaled = (peers.pulled_s + peers.tested_s) * count / len(hosts)
        both = f"{peers.pulled_s:.2f} + {peers.tested_s:.2f} s, {peers.cpu_s:.2f} s of processor"
        print(f"prometheus-api-client and pymannkendall: {both} for {len(hosts)} series")
        spent = peers.cpu_s * count / len(hosts)
        print(f"  processor time scaled to {count:,}: {spent:.0f} s, {spent / best.cpu_s:.0f} times that of the scan")
        times = f"{scaled / best.wall_s:.0f} times the scan, {scaled / two.wall_s:.0f} with --jobs 2"
        print(f"  scaled to {count:,}: {scaled:.0f} s, {times}", flush=True)
        some = [f"host-{at:06}:80" for at in range(0, count, max(count // COMPARED, 1))][:COMPARED]
        differ, of = measures.disagreements(server, HOURS, some)
        print(f"decisions that differ from diagnose on raw samples: {differ} of {of}")
        if count <= MOST_BY_MEDIANS:
            told = measures.by_medians(server, HOURS)
            print(f"without remote read: {told.wall_s:.2f} s, server CPU {told.server_cpu_s:.2f} s", flush=True)
            print(f"  medians settled {told.settled:,} of {count:,}; decisions that differ: {told.differ}")
    points = HOURS * 3600 // step_s
    ours, theirs, tested_of = measures.deciding(min(count, 2_000), points)
    print(f"deciding in memory: {1e3 * ours:.3f} ms a series, pymannkendall {1e3 * theirs:.1f} ms (on {tested_of})")
    print(f"  {theirs / ours:.0f} times", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
