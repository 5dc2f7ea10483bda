"""A fleet in the blocks of a Prometheus: most of it flat, some of it leaking, warming up, restarting or noisy."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

END = 1_700_006_400
METRIC = "process_resident_memory_bytes"
SEED = 20_260_310


def filled(folder: Path, *, series: int, step_s: int, hours: int) -> Path:
    """Make the blocks, or take those that were made before."""
    data = folder / f"{series}x{hours}h@{step_s}s"
    if not (data / "made").exists():
        data.mkdir(parents=True, exist_ok=True)
        text = data / "samples.om"
        with text.open("w") as out:
            for at in range(series):
                out.write(_lines(at, step_s, hours))
            out.write("# EOF\n")
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(text), str(data / "tsdb")]
        subprocess.run(command, check=True, capture_output=True)
        text.unlink()
        (data / "made").touch()
    return data / "tsdb"


def _lines(at: int, step_s: int, hours: int) -> str:
    dice = np.random.default_rng((SEED, at))
    times = np.arange(END - hours * 3600, END, step_s)
    values = _values(at, len(times), dice)
    name = f'{METRIC}{{job="svc",instance="host-{at:06}:80"}}'
    return "".join(f"{name} {value:.0f} {time}\n" for time, value in zip(times, values, strict=True))


def _values(at: int, count: int, dice: np.random.Generator) -> np.ndarray:
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
