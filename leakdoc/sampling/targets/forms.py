"""How a target is written."""

from __future__ import annotations

from typing import Final

FORMS: Final = "a process id such as 4242, :PORT, name:PATTERN, cgroup:PATH, unit:NAME or container:ID"
