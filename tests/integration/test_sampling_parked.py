"""What threads wait for, in the kernel's own words: those that stay where they are are told from those that work."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from leakdoc.model.sample import Column
from leakdoc.sampling.probes.parked import STILL_S, ParkedProbe
from leakdoc.sampling.probes.reading import Reading, Standing
from leakdoc.sampling.procfs import ProcessDirectory
from tests.program import joined

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_thread_that_stays_in_one_call_for_long_enough_is_still() -> None:
    ends = threading.Event()
    threads = [threading.Thread(target=ends.wait) for _ in range(3)]
    for each in threads:
        each.start()
    probe = ParkedProbe(ProcessDirectory(os.getpid()))

    def still(at_s: float) -> float:
        reading = Reading(at=0.0, monotonic_s=at_s, standing=Standing())
        probe.read(reading)
        return reading.values[Column("threads_still")]

    try:
        assert still(0.0) == 0.0
        for reading in range(1, 40):  # a thread that has only just started is on its way to its call
            if still(reading * STILL_S) >= 3.0:
                break
        assert still(40 * STILL_S) >= 3.0
        assert still(40 * STILL_S + STILL_S / 2) >= 3.0
    finally:
        ends.set()
        joined(*threads)
