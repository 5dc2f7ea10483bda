"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# The same examples in every run, however busy the machine; `--hypothesis-profile=search` looks for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1_000)
settings.load_profile("fixed")
