"""Run every benchmark, or those that are named: ``python -m benchmarks startup sampling``."""

from __future__ import annotations

import runpy
import sys
from typing import Final

ALL: Final = {
    "startup": "benchmarks.startup",
    "sampling": "benchmarks.sampling.__main__",
    "recording": "benchmarks.recording",
    "detection": "benchmarks.detection",
    "connections": "benchmarks.connections",
    "agent": "benchmarks.agent_overhead",
    "proof": "benchmarks.proof.run",
    "proof-edits": "benchmarks.proof.edits",
    "proof-waiting": "benchmarks.proof.waiting",
    "playbooks": "benchmarks.playbooks.__main__",
    "fleet": "benchmarks.fleet",
    "heap": "benchmarks.heap.__main__",
}


def main(names: list[str]) -> int:
    """Run them one after the other."""
    unknown = sorted(set(names) - ALL.keys())
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    for name in names or ALL:
        print(f"== {name}", flush=True)
        sys.argv = [ALL[name]]
        runpy.run_module(ALL[name], run_name="__main__")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
