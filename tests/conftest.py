"""What holds for every test."""

from __future__ import annotations

import os
import signal
import time

import pytest
from hypothesis import HealthCheck, settings

# The same examples in every run, however busy the machine; `--hypothesis-profile=search` looks for new ones.
# How long it takes to make one up says something of the machine, and nothing of what is tested.
SLOWLY = [HealthCheck.too_slow]
settings.register_profile("fixed", derandomize=True, deadline=None, suppress_health_check=SLOWLY)
settings.register_profile("search", deadline=None, max_examples=1_000, suppress_health_check=SLOWLY)
settings.load_profile("fixed")

# A shell lets what it runs in the background ignore Ctrl-C, and every program that a test starts would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Unfinished:
    """What the workers were at, said when the whole run is told to end (`.ci/tests` does when it overruns)."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.began: dict[str, float] = {}

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.began[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self.began.pop(nodeid, None)

    def say_and_end(self, number: int, frame: object) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            for name, at in self.began.items():
                terminal.write_line(f"not through, after {time.monotonic() - at:.0f} seconds: {name}")
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None):  # this process runs no test itself: others do
        unfinished = Unfinished(config)
        config.pluginmanager.register(unfinished)
        signal.signal(signal.SIGTERM, unfinished.say_and_end)
