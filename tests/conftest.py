"""What holds for every test."""

from __future__ import annotations

import signal

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
