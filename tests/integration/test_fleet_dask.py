"""`executor=` on a real Dask cluster of two local workers, one of which is killed midway: the same answer."""

from __future__ import annotations

import os
import signal
import warnings
from pathlib import Path

import pytest

import leakdoc
from tests.unit.test_scan_folder import samples

pytestmark = [pytest.mark.soak, pytest.mark.filterwarnings("default")]
FILES = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for at in range(FILES):
        (tmp_path / f"s{at:02}.csv").write_text(samples(20_000.0 * (at % 3)))
    return tmp_path


def test_a_worker_that_is_killed_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    monkeypatch.setattr("leakdoc.detection.scan._FILES_AT_ONCE", 2)
    here = leakdoc.scan(folder)
    killed: list[int] = []

    with (
        warnings.catch_warnings(),
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = client.run(os.getpid)

        def kill_one(done: int, of: int) -> None:
            if not killed and done:
                killed.append(next(iter(pids.values())))
                os.kill(killed[0], signal.SIGKILL)

        there = leakdoc.scan(folder, executor=client.get_executor(), progress=kill_one)
    assert killed
    assert there == here
