"""A folder of Parquet that is larger than what a scan may hold: how much of it is in memory at once."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.fleet.measures import watched

ROWS = 1_000_000
_BYTES_A_ROW = 24  # a time and two columns


def report(count: int) -> None:
    """Scan as many files of a million rows, and print what it took."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for at in range(count):
            _write(folder / f"service-{at:03}.parquet", at)
        started = time.perf_counter()
        usage, peak = watched([sys.executable, "-m", "leakdoc", "scan", str(folder)])
        wall, cpu = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
    held = count * ROWS * _BYTES_A_ROW / 2**20
    print(f"-- {count} Parquet files of {ROWS:,} rows, {held:,.0f} MiB when they are read")
    print(f"scan: {wall:.1f} s, {cpu:.1f} s of processor, peak memory {peak:.0f} MB", flush=True)


def _write(file: Path, at: int) -> None:
    import pyarrow
    from pyarrow import parquet

    dice = np.random.default_rng((7, at))
    values = 2e8 + dice.normal(0.0, 2e5, ROWS) + (at % 4 == 0) * 5e7 * np.linspace(0.0, 1.0, ROWS)
    columns = {
        "time": 1.7e9 + 0.5 * np.arange(ROWS), "rss_bytes": np.round(values / 4096.0) * 4096.0,
        "open_fds": 20.0 + dice.integers(0, 3, ROWS),
    }  # fmt: skip
    parquet.write_table(pyarrow.table(columns), file)
