"""The agent as a file: its text, and the environment in which every Python that is started has one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final

STARTUP: Final = Path(__file__).parent / "startup"


def agent_text() -> str:
    """Return the text of the one-file agent."""
    return resources.files("leakdoc").joinpath("agent.py").read_text(encoding="utf-8")


def with_agent(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with the agent's start-up directory first on PYTHONPATH; nothing is installed."""
    before = environment.get("PYTHONPATH")
    path = str(STARTUP) if not before else os.pathsep.join((str(STARTUP), before))
    return {**environment, "PYTHONPATH": path}
