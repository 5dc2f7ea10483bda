"""A small fleet as it would stand in a Prometheus: what leaks, what does not, and what only looks odd."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from tests.prometheus_server import END

STEP = 60.0
HOURS = 12
MIB = 2.0**20
Points = list[tuple[float, float]]
TIMES = [END - HOURS * 3600.0 + STEP * at for at in range(round(HOURS * 3600 / STEP))]
POD = 'namespace="shop",pod="{pod}",container="web"'


def points(
    value: Callable[[int], float], *, seed: int, rows: range = range(len(TIMES)), noise: float = 0.2 * MIB
) -> Points:
    """Samples on pages, with noise that is the same in every run."""
    dice = random.Random(seed)
    return [(TIMES[row], float(round((value(row) + dice.gauss(0, 0.2 * MIB)) / 4096) * 4096)) for row in rows]


def constant(value: float, rows: range = range(len(TIMES))) -> Points:
    """The same value throughout."""
    return [(TIMES[row], value) for row in rows]


def fleet() -> dict[str, Points]:
    """Return every series by its name with labels."""
    half = len(TIMES) // 2
    found = {
        rss("flat"): points(lambda row: 200 * MIB, seed=1),
        rss("leaks"): points(lambda row: 100 * MIB + 0.2 * MIB * row, seed=2),
        rss("warms"): points(lambda row: 100 * MIB + 150 * MIB * (1 - math.exp(-row / 60)), seed=3),
        rss("short"): points(lambda row: 100 * MIB, seed=4, rows=range(len(TIMES) - 10, len(TIMES))),
        rss("restarts"): points(lambda row: 100 * MIB + 0.3 * MIB * (row % 180), seed=5),
        "process_start_time_seconds" + of("restarts"): [
            (at, TIMES[row // 180 * 180] - 5.0) for row, at in enumerate(TIMES)
        ],
        rss("infinite"): [(at, math.inf if row % 7 == 0 else 50 * MIB) for row, at in enumerate(TIMES)],
        rss("nothing"): [(at, math.nan) for at in TIMES],
        # two pods of one workload that leak, each under a limit; a third that was there before
        cadvisor("api-7d9f8b6c5d-x2x4z", "b"): points(lambda row: 300 * MIB + 0.2 * MIB * row, seed=6),
        cadvisor("api-7d9f8b6c5d-zz9zz", "c"): points(lambda row: 310 * MIB + 0.2 * MIB * row, seed=7),
        cadvisor("api-5c4b8b6c5d-lmggd", "a", image="shop/api:1.0"): points(
            lambda row: 300 * MIB, seed=8, rows=range(half)
        ),
    }
    for pod, ident in (("api-7d9f8b6c5d-x2x4z", "b"), ("api-7d9f8b6c5d-zz9zz", "c")):
        labels = POD.format(pod=pod)
        found[f'container_spec_memory_limit_bytes{{{labels},id="/{ident}",image="shop/api:1.1"}}'] = constant(600 * MIB)
        found[f"kube_pod_container_status_restarts_total{{{labels}}}"] = [
            (at, float(row // 300)) for row, at in enumerate(TIMES)
        ]
    found['container_memory_working_set_bytes{namespace="shop",pod="api-7d9f8b6c5d-x2x4z",container=""}'] = constant(
        1.0
    )
    return found


def rollouts() -> dict[str, Points]:
    """Return workloads whose build changed halfway: fixed, not fixed, fixed in a canary that runs beside, and worse."""
    half, rows = len(TIMES) // 2, range(len(TIMES))
    found: dict[str, Points] = {}
    for seed, (name, end, rate) in enumerate(
        (("fixed", half, 0.0), ("unfixed", half, 0.25), ("canary", len(TIMES), 0.0), ("harmed", half, 1.0))
    ):
        for pod in range(2):
            found[in_shop(name, "1.0", f"5c4b8b6c5d-x2x4{'zb'[pod]}")] = points(
                lambda row: 200 * MIB + 0.25 * MIB * row, seed=seed + 10 * pod, rows=rows[:end]
            )
        found[in_shop(name, "1.1", "7d9f8b6c5d-zz9zz")] = points(
            lambda row, rate=rate: 200 * MIB + rate * MIB * (row - half), seed=seed + 20, rows=rows[half:]
        )
    found['kube_deployment_labels{namespace="deploy",deployment="canary",label_argocd_argoproj_io_instance="shop"}'] = (
        constant(1.0)
    )
    return found


def beside_a_primary() -> dict[str, Points]:
    """Return a canary as Flagger runs it: the old build goes on in a workload that is called otherwise."""
    half, rows = len(TIMES) // 2, range(len(TIMES))
    return {
        in_shop("flagged-primary", "1.0", "5c4b8b6c5d-x2x4z"): points(
            lambda row: 200 * MIB + 0.25 * MIB * row, seed=50, rows=rows
        ),
        in_shop("flagged", "1.1", "7d9f8b6c5d-zz9zz"): points(lambda row: 200 * MIB, seed=51, rows=rows[half:]),
    }


def killed() -> dict[str, Points]:
    """Return workloads one of whose processes ended: at its limit, evicted, and for no reason told."""
    end, rows = len(TIMES) * 3 // 4, range(len(TIMES))
    found: dict[str, Points] = {}
    for seed, (name, rate, reason) in enumerate((("oomed", 0.6, "OOMKilled"), ("evicted", 0.0, ""), ("gone", 0.0, ""))):
        old, new = f"{name}-5c4b8b6c5d-x2x4z", f"{name}-5c4b8b6c5d-zzzzz"
        for place, (pod, part) in enumerate(((old, rows[:end]), (new, rows[end:]))):
            labels = f'namespace="dead",pod="{pod}",container="web"'
            image = f'image="{name}:1.1"' if place or rate else f'image="{name}:1.0"'
            found[f"container_memory_working_set_bytes{{{labels},{image}}}"] = points(
                lambda row, rate=rate, first=part[0]: 100 * MIB + rate * MIB * (row - first), seed=30 + seed, rows=part
            )
            found[f"container_spec_memory_limit_bytes{{{labels},{image}}}"] = constant(430 * MIB, part)
        if reason:
            labels = f'namespace="dead",pod="{old}",container="web",reason="{reason}"'
            found[f"kube_pod_container_status_last_terminated_reason{{{labels}}}"] = constant(1.0, rows[end:])
        if name == "evicted":
            labels = f'namespace="dead",pod="{old}",reason="Evicted"'
            found[f"kube_pod_status_reason{{{labels}}}"] = constant(1.0, rows[end:])
    labels = 'namespace="dead",pod="gone-too-5c4b8b6c5d-x2x4z",container="web",reason="OOMKilled"'
    found[f"kube_pod_container_status_last_terminated_reason{{{labels}}}"] = constant(1.0, rows[end:])
    return found


def clusters() -> dict[str, Points]:
    """Return a stateful set that is called alike in two clusters, and leaks in the one that is sorted last."""
    labels = 'namespace="twins",pod="db-0",container="db",image="db:1.0"'
    return {
        f'container_memory_working_set_bytes{{cluster="{cluster}",{labels}}}': points(
            lambda row, rate=rate: 200 * MIB + rate * MIB * row, seed=40
        )
        for cluster, rate in (("eu", 0.0), ("us", 0.3))
    }


def in_shop(name: str, build: str, pod: str) -> str:
    """The working set of a container of a deployment."""
    labels = f'namespace="deploy",pod="{name}-{pod}",container="web",image="registry/shop/{name}:{build}"'
    return f"container_memory_working_set_bytes{{{labels}}}"


def of(name: str) -> str:
    """The labels of a scraped process."""
    return f'{{job="svc",instance="{name}:80"}}'


def rss(name: str) -> str:
    """The resident memory of a scraped process."""
    return "process_resident_memory_bytes" + of(name)


def cadvisor(pod: str, ident: str, image: str = "shop/api:1.1") -> str:
    """The working set of a container."""
    return f'container_memory_working_set_bytes{{{POD.format(pod=pod)},id="/{ident}",image="{image}"}}'


def many(count: int) -> dict[str, Points]:
    """Return processes of every kind, each scraped at a moment of its own: flat, growing, near thresholds, sawteeth."""
    return {
        f'process_resident_memory_bytes{{job="many",instance="m{at:03}:80"}}': _one_of_many(at) for at in range(count)
    }


def _one_of_many(at: int) -> Points:
    dice = random.Random(at)
    level, of, every = dice.uniform(50, 500) * MIB, len(TIMES), dice.randrange(5, 200)
    noise, moment = level * dice.choice([0.0003, 0.001, 0.004]), dice.uniform(0.0, STEP)
    share, after = dice.uniform(0.0, 1.0), dice.uniform(2.0, 30.0)
    grown: dict[int, Callable[[float], float]] = {
        0: lambda part: share * part,
        1: lambda part: 0.02 * share * part,  # near the thresholds
        2: lambda part: 0.5 * (1.0 - math.exp(-after * part)),
        3: lambda part: 0.3 * (part * of % every) / every,
        4: lambda part: 0.1 * share * (part > 0.7),
        5: lambda part: 0.02 * math.sin(after * part),
    }
    course = grown.get(at % 12, lambda part: 0.0)
    return [
        (round(time + moment, 3), float(round((level * (1 + course(row / of)) + dice.gauss(0, noise)) / 4096) * 4096))
        for row, time in enumerate(TIMES)
        if dice.random() > 0.002
    ]
