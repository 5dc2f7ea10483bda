"""Deployments whose callers take it as it comes: some give up, some come back after a pause however long it took."""

from __future__ import annotations

import contextlib
import threading

from tests.integration.test_playbook_incidents import Deployment

PAUSE_S = 4.0


class Called(Deployment):
    """A deployment whose callers give up after a minute without an answer: they are sent, and not answered."""

    def _call(self) -> None:
        with contextlib.suppress(OSError):
            super()._call()


class Crowded(Called):
    """A deployment that a crowd of callers asks, each in its own time: the number is given in place of a rate."""

    def _load(self, per_second: float) -> None:
        crowd = [threading.Thread(target=self._come_back, daemon=True) for _ in range(int(per_second))]
        for caller in crowd:
            caller.start()
            self.stopped.wait(PAUSE_S / len(crowd))
        for caller in crowd:
            caller.join(60)

    def _come_back(self) -> None:
        while not self.stopped.is_set():
            self._call()
            self.stopped.wait(PAUSE_S)
