"""Precision and recall of the signatures over real programs: each guilty one, and the innocent ones that look alike.

Run: ``python -m benchmarks.connections [PROGRAM …]``. Needs the extra ``dev``, and root for the peer that vanishes.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.connections.cases import CASES, Case
from benchmarks.connections.loads import LOADS
from benchmarks.connections.servers import servers
from leakdoc.attach.agent_file import with_agent

PROGRAMS: Final = Path(__file__).parents[2] / "tests" / "programs" / "connections"
AT_ONCE: Final = 8  # each program sleeps nearly all the time
FOR: Final = "45s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was said of one program."""

    case: Case
    faults: dict[str, str]
    document: dict[str, Any]

    @property
    def is_right(self) -> bool:
        """Whether a guilty one was found guilty of it, or an innocent one of nothing."""
        return any(name in self.faults for name in self.case.guilty_of) if self.case.guilty_of else not self.faults


def judged(case: Case, environment: dict[str, str]) -> Outcome:
    """Run one program, play its load, and look at it."""
    command = [sys.executable, str(PROGRAMS / f"{case.program}.py")]
    own = with_agent(environment) if case.has_agent else environment
    stop = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=own) as process:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        if case.load:
            threading.Thread(target=LOADS[case.load], args=(int(words[1]), stop), daemon=True).start()
        pid = words[2] if len(words) > 2 else str(process.pid)  # a server tells its worker's
        look = [sys.executable, "-m", "leakdoc", "connections", pid, "--for", FOR, "--json", "--quiet"]
        look += ["--postgres", "env:DSN"] if case.asks_postgres else []
        look += ["--children"] if case.children else []
        done = subprocess.run(look, capture_output=True, text=True, env=environment, check=False)
        followed = _followed(pid, environment) if case.follows else ""
        stop.set()
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(3)
        process.kill()
    document = json.loads(done.stdout) if done.stdout else {"findings": [], "reason": done.stderr}
    faults = {
        each["detector"]: each["reason"]
        for each in document["findings"]
        if each["decision"] in ("leaking", "exhausted", "unresponsive")
    }
    if case.follows and followed != words[3]:  # a culprit that is not the last of the chain is only its victim
        faults = {"isolate_upstream": f"names {followed or 'nobody'} in place of {words[3]}"}
    return Outcome(case=case, faults=faults, document=document)


def _followed(pid: str, environment: dict[str, str]) -> str:
    """Return the upstream at the end of the chain, as the step tells it."""
    step = [sys.executable, "-m", "leakdoc", "step", "run", "isolate_upstream", "-p", f"target={pid}", "--json"]
    done = subprocess.run(step, capture_output=True, text=True, env=environment, check=False)
    return str(json.loads(done.stdout)["outputs"]["upstream"]) if done.stdout else done.stderr


def told(outcomes: list[Outcome]) -> None:
    """Print each, and the sums."""
    for each in outcomes:
        mark = "right" if each.is_right else "WRONG"
        expected = ", ".join(each.case.guilty_of) or "nothing"
        print(f"{mark}  {each.case.program:<30} expected {expected}; said {', '.join(each.faults) or 'nothing'}")
        for name, reason in each.faults.items():
            print(f"         {name}: {reason[:200]}")
        if not each.is_right and not each.faults:
            print(f"         {each.document['reason'][:300]}")
            expected_of = [found for found in each.document["findings"] if found["detector"] in each.case.guilty_of]
            for found in expected_of:
                print(f"         {found['detector']} was {found['decision']}: {found['reason'][:300]}")
    guilty = [each for each in outcomes if each.case.guilty_of]
    innocent = [each for each in outcomes if not each.case.guilty_of]
    found = sum(each.is_right for each in guilty)
    alarms = sum(not each.is_right for each in innocent)
    precision = found / (found + alarms) if found + alarms else float("nan")
    print(
        f"guilty {found} of {len(guilty)} found; innocent {alarms} of {len(innocent)} accused; "
        f"precision {precision:.2f}, recall {found / len(guilty) if guilty else float('nan'):.2f}"
    )


def main(names: list[str]) -> int:
    """Judge the programs that are named, or all."""
    cases = [case for case in CASES if not names or case.program in names]
    with servers() as environment, ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda case: judged(case, environment), cases))
    told(outcomes)
    return 0 if all(each.is_right for each in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
