"""Which place the culprit has among the lines that `leakdoc heap` names, beside memray's own table of the same.

``python -m benchmarks.heap [PROGRAM …]``: each program of `benchmarks/heap/programs` leaks about a megabyte a second in
one way, beside a bounded cache whose entries turn over; the line to find carries the comment ``# culprit``. memray's
table is that of leaked allocations by size, a row for each innermost line, of the longer of our two windows.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

PROGRAMS = Path(__file__).parent / "programs"
NATIVE = {
    "c_buffers",
    "c_strings",
    "mmaps",
    "arrays",
    "frames",
    "sqlite_memory",
    "zlib_streams",
    "ssl_contexts",
    "xml_trees",
    "array_extended",
    "pickler_memo",
    "views_pinned",
    "references_lost",
    "fresh_handles",
    "raw_maps",
    "keys_parsed",
    "pictures",
    "parked_threads",
    "histories",
}
WARM_UP_S = 3.0
AT_ONCE = 3  # they sleep most of the time
FIRST = 3


def main(names: list[str]) -> int:
    """Run the programs, print a line for each and the totals."""
    chosen = names or sorted(path.stem for path in PROGRAMS.glob("*.py") if path.stem != "innocent")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(examine, chosen))
    print(f"{'program':<20}{'kind':<9}{'place':>6}{'memray':>8}{'explained':>11}{'took':>8}  target")
    for result in results:
        explained = "-" if result["explained"] is None else f"{result['explained']:.0%}"
        places = [result["place"] or "-", result["memray"] or "-"]
        print(
            f"{result['name']:<20}{result['kind']:<9}{places[0]:>6}{places[1]:>8}{explained:>11}"
            f"{result['took_s']:>7.1f}s  {'goes on' if result['alive'] else 'DIED'}"
        )
    for title, group in (("Python", set(chosen) - NATIVE), ("native", set(chosen) & NATIVE)):
        ours, theirs = (
            sum(1 for each in results if each["name"] in group and each[key] and each[key] <= FIRST)
            for key in ("place", "memray")
        )
        if group:
            print(f"culprit in the first {FIRST}, {title}: {ours} of {len(group)}; memray's table {theirs}")
    return 0


def examine(name: str) -> dict[str, Any]:
    """Start a program, look at it, and say where its culprit stands."""
    path = PROGRAMS / f"{name}.py"
    culprit = next(n for n, line in enumerate(path.read_text().splitlines(), start=1) if "# culprit" in line)
    process = subprocess.Popen([sys.executable, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(WARM_UP_S)
        with tempfile.TemporaryDirectory() as directory:
            kept = Path(directory) / "kept"
            command = [sys.executable, "-m", "leakdoc", "heap", str(process.pid), "--yes", "--json", "--quiet"]
            command += ["--keep", str(kept), "--native", "--accept-oom-risk"]
            began = time.monotonic()
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
            took_s = time.monotonic() - began
            nothing = {"lines": [], "kind_of_memory": "error", "explained": None}
            document = json.loads(done.stdout) if done.stdout else nothing
            places = [(line["file"], line["line"]) for line in document["lines"]]
            return {
                "name": name,
                "kind": document["kind_of_memory"],
                "explained": document["explained"],
                "place": places.index((str(path), culprit)) + 1 if (str(path), culprit) in places else None,
                "memray": table_place(kept / "window-2.memray", str(path), culprit),
                "took_s": took_s,
                "alive": process.poll() is None,
            }
    finally:
        process.kill()
        process.wait()


def table_place(capture: Path, file: str, line: int) -> int | None:
    """Return the row of a line in memray's table of leaked allocations; null where it has none."""
    if not capture.exists():
        return None
    from memray import FileReader

    sizes: dict[tuple[str, int], int] = {}
    with FileReader(capture) as reader:
        for record in reader.get_leaked_allocation_records(merge_threads=True):
            stack = record.stack_trace(max_stacks=1)
            if stack:
                _, at, number = stack[0]
                sizes[at, number] = sizes.get((at, number), 0) + record.size
    ranked = sorted(sizes, key=lambda place: -sizes[place])
    return ranked.index((file, line)) + 1 if (file, line) in ranked else None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
