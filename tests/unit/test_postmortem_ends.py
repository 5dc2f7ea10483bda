"""A process that nothing followed: it ended where the server went on scraping, and else nobody knows."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from leakdoc.cli.postmortem import scraped_until
from leakdoc.errors import UnreadableSource
from leakdoc.model.sample import Column
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.trace import Facts, Life, Trace
from leakdoc.sampling.sources.prometheus.client import Prometheus
from leakdoc.verification.postmortem import postmortem

MIB = 2.0**20
TIMES = 1_700_000_000.0 + 60.0 * np.arange(600)
LAST = float(TIMES[-1])


def job() -> Trace:
    values = 100.0 * MIB + np.linspace(0.0, 400.0, len(TIMES)) * MIB
    life = Life(first=0, stop=len(TIMES), started_at=None, limit_bytes=505.0 * MIB)
    subject = Subject(kind=SubjectKind.WORKLOAD, name="shop/batch/main")
    return Trace(subject=subject, times=TIMES, lives=(life,), columns={Column("rss_bytes"): values}, facts=Facts())


@pytest.mark.parametrize(("until", "ended"), [(None, False), (LAST + 60.0, False), (LAST + 1_200.0, True)])
def test_the_last_process_ended_where_a_scrape_must_have_come(until: float | None, ended: bool) -> None:
    found = postmortem(job(), LAST + 20.0, until=until)
    (life,) = found.lives
    assert (life.killed, life.running) == (ended, not ended)
    assert found.death.cause == ("oom_killed" if ended else "unknown")
    assert "no record of the kill" in found.death.reason if ended else "no process ended" in found.death.reason


class Answers:
    clock_ahead_s = 0.0

    def __init__(self, found: list[tuple[dict[str, str], float]] | None) -> None:
        self.found = found

    def query(self, promql: str, at: float) -> list[tuple[dict[str, str], float]]:
        if self.found is None:
            raise UnreadableSource("Prometheus cannot answer now")
        return self.found


@pytest.mark.parametrize(("found", "until"), [([({}, 12.0)], LAST), ([], None), (None, None)])
def test_a_server_that_stopped_scraping_tells_of_no_end(
    found: list[tuple[dict[str, str], float]] | None, until: float | None
) -> None:
    assert scraped_until(cast(Prometheus, Answers(found)), LAST) == until
