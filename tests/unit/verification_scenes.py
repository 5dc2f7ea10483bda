"""Before and after a fix, made up: each scene is a pair of traces whose truth is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Facts, Life, Trace

Floats = npt.NDArray[np.float64]
KIB, MIB, PAGE = 2.0**10, 2.0**20, 4_096.0
EPOCH = 1_764_000_000.0
LATER = 10_000.0


def ages(lasts_s: float = 40.0, every_s: float = 0.5) -> Floats:
    """Seconds since the start of the process at which it is sampled."""
    return np.arange(0.0, lasts_s, every_s) + every_s


def noise(n: int, size: float, seed: int = 7) -> Floats:
    """White noise that is the same in every run."""
    return np.random.default_rng(seed).normal(0.0, size, n)


def pages(values: Floats) -> Floats:
    """Bytes as the kernel counts them."""
    return np.asarray(np.round(values / PAGE) * PAGE)


def trace(
    age: Floats,
    *,
    at: float = 0.0,
    name: str = "payments",
    lives: tuple[int, ...] = (),
    facts: Facts = Facts(),  # noqa: B008
    version: str | None = None,
    **columns: Floats | float,
) -> Trace:
    """Make a trace; `lives` are the rows at which another process starts. ``peer`` columns are written ``to_PEER``."""
    edges = [0, *lives, len(age)]
    made = tuple(
        Life(first=a, stop=b, pid=100 + place + int(at), started_at=EPOCH + at + float(age[a]) - 0.5, version=version)
        for place, (a, b) in enumerate(pairwise(edges))
    )
    return Trace(
        subject=Subject(kind=SubjectKind.PROCESS, name=name, pid=100),
        times=EPOCH + at + age,
        lives=made,
        columns={_column(key): np.broadcast_to(values, len(age)).astype(np.float64) for key, values in columns.items()},
        facts=facts,
    )


def _column(key: str) -> Column:
    if not key.startswith("to_"):
        return Column(key)
    return Column.of("connections", peer=f"{key[3:]}:5432", direction="out", state="ESTABLISHED", peer_kind="postgres")


def leaky(age: Floats, *, rate: float = 150.0 * KIB, at: float = 0.0, **columns: Floats | float) -> Trace:
    """A service that leaks memory steadily."""
    memory = pages(30.0 * MIB + rate * age + noise(len(age), 20.0 * KIB))
    return trace(age, at=at, rss_bytes=memory, **columns)  # type: ignore[arg-type]


def sound(age: Floats, *, base: float = 30.0 * MIB, at: float = LATER, **columns: Floats | float) -> Trace:
    """The same service without the leak: a few seconds of warm-up, then flat."""
    memory = pages(base - 5.0 * MIB * np.exp(-age / 2.0) + noise(len(age), 20.0 * KIB, seed=8))
    return trace(age, at=at, rss_bytes=memory, **columns)  # type: ignore[arg-type]
