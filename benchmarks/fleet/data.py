"""A fleet in the blocks of a Prometheus: most of it flat, some of it leaking, warming up, restarting or noisy.

As a real one, it is scraped at a moment of its own for each process, of which each has a start of its own, and a few
scrapes are missing; on one grid it is easier to judge together, and nobody has such a fleet.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np

END = 1_700_006_400
METRIC = "process_resident_memory_bytes"
START = "process_start_time_seconds"
SEED = 20_260_310
BLOCK_S = 7_200  # promtool reads its whole input once for each block
_MISSED = 0.002  # of all scrapes, where they are as in a real fleet


def filled(
    folder: Path, *, series: int, step_s: int, hours: int, on_a_grid: bool = False, one_workload: bool = False
) -> Path:
    """Make the blocks, or take those that were made before.

    Args:
        one_workload: all are the pods of one workload, instead of a service each.
    """
    labels = _of_pods if one_workload else _of_hosts
    data = folder / f"{series}x{hours}h@{step_s}s{'-grid' if on_a_grid else ''}{'-pods' if one_workload else ''}"
    if not (data / "made").exists():
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir(parents=True)
        for first in range(END - hours * 3600, END, BLOCK_S):
            file = data / f"{first}.om"
            with file.open("w") as out:
                for at in range(series):
                    out.write(_lines(at, labels(at), hours, step_s, first, on_a_grid=on_a_grid))
                out.write("# EOF\n")
            command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(file), str(data / "tsdb")]
            subprocess.run(command, check=True, capture_output=True)
            file.unlink()
        (data / "made").touch()
    return data / "tsdb"


def _of_hosts(at: int) -> str:
    return f'{{job="svc",instance="host-{at:06}:80"}}'


def _of_pods(at: int) -> str:
    name = f"{at:05}".translate(str.maketrans("0123456789", "bcdfghjklm"))
    return f'{{namespace="shop",pod="api-5f6585d649-{name}",container="web"}}'


def _lines(at: int, labels: str, hours: int, step_s: int, first: int, *, on_a_grid: bool) -> str:
    """The samples of one process in one block: all blocks together would be tens of gigabytes of text."""
    dice = np.random.default_rng((SEED, at))
    begin = float(END - hours * 3600)
    times = np.arange(begin, END, step_s)
    values = values_of(at, len(times), dice)
    started: float | None = None
    if not on_a_grid:
        times = np.round(times + dice.uniform(0.0, step_s), 3)
        kept = dice.uniform(size=len(times)) >= _MISSED
        times, values = times[kept], values[kept]
        started = float(np.round(begin - dice.uniform(3_600.0, 30 * 86_400.0), 2))
    mine = (times >= first) & (times < first + BLOCK_S)
    pairs = list(zip(values[mine].tolist(), times[mine].tolist(), strict=True))
    told = "".join([f"{METRIC}{labels} {value:.0f} {time:.3f}\n" for value, time in pairs])
    if started is not None:
        told += "".join([f"{START}{labels} {started:.2f} {time:.3f}\n" for _, time in pairs])
    return told


def values_of(at: int, count: int, dice: np.random.Generator) -> np.ndarray:
    """The memory of one process, shape (count,), in bytes."""
    level = dice.uniform(50e6, 500e6)
    noise = dice.normal(0.0, level * dice.choice([0.0005, 0.002, 0.01]), count)
    when = np.linspace(0.0, 1.0, count)
    shapes = {
        0: level * dice.uniform(0.01, 1.0) * when,
        1: level * dice.uniform(0.0, 0.02) * when,  # near the thresholds
        2: 0.5 * level * (1.0 - np.exp(-when * dice.uniform(2.0, 30.0))),
        3: 0.3 * level * ((when * dice.integers(2, 40)) % 1.0),
    }
    grown = shapes.get(at % 10, np.zeros(count))
    return np.maximum(np.round((level + grown + noise) / 4096.0) * 4096.0, 0.0)
