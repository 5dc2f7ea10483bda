"""What the agent loads comes from the standard library, whatever the program has beside it by the same name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from leakdoc.attach.agent_client import AgentClient
from leakdoc.attach.agent_file import agent_text, with_agent
from tests.program import Program

OWN = ("json", "heapq", "queue", "select", "struct", "signal", "secrets", "ctypes")
PROGRAM = """
import sys
print("ready", flush=True)
sys.stdin.readline()
for name in sys.argv[1:]:
    print(name, getattr(__import__(name), "own", False), flush=True)
"""
COPIES = """
import sys
sys.path.insert(0, sys.argv[1])
import leakdoc.agent, leakdoc_agent
first = leakdoc.agent.start()
print(leakdoc_agent.start() == first, flush=True)
leakdoc_agent.stop()
sys.stdin.readline()
leakdoc.agent.stop()
print(leakdoc_agent.start() != first, flush=True)
"""


def program_with_its_own(directory: Path) -> Path:
    for name in OWN:
        (directory / f"{name}.py").write_text(f"import sys\nsys.stderr.write('{name} was run\\n')\nown = True\n")
    program = directory / "program.py"
    program.write_text(PROGRAM)
    return program


def told(command: list[str], env: dict[str, str]) -> tuple[str, str]:
    """Run a program, ask its agent something once it is ready, and return what it has written and what ran."""
    pipe = subprocess.PIPE
    with Program(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env) as process:
        assert process.line() == "ready\n"
        with AgentClient(process.pid) as agent:
            assert agent.heap()["python_blocks"] > 0
            assert agent.types(most=3).counts
        return process.communicate("go\n", timeout=60)


def test_a_program_keeps_its_own_modules_and_the_agent_runs_none_of_them(tmp_path: Path) -> None:
    program = program_with_its_own(tmp_path)
    command = [sys.executable, "-S", str(program)]  # without `site`, which may load half of the library itself
    wants = ["json", "queue", "struct"]
    alone = subprocess.run([*command, *wants], input="go\n", capture_output=True, text=True, timeout=60, check=True)
    before = f"import runpy, sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = sys.argv[1:]\n"
    start = "import _frozen_importlib as modules, _frozen_importlib_external as files\n" \
        f"spec = files.spec_from_file_location('_leakdoc_agent', {str(tmp_path / 'agent' / 'leakdoc_agent.py')!r})\n" \
        "agent = sys.modules[spec.name] = modules.module_from_spec(spec)\n" \
        "spec.loader.exec_module(agent); agent.start()\n"  # fmt: skip
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "leakdoc_agent.py").write_text(agent_text())
    entered = before + start + f"runpy.run_path({str(program)!r})"
    said, ran = told([sys.executable, "-S", "-c", entered, str(program), *wants], dict(os.environ))
    assert said == alone.stdout.removeprefix("ready\n") == "json True\nqueue True\nstruct True\n"
    assert ran == alone.stderr


def test_started_with_the_program_it_runs_nothing_that_lies_beside_it(tmp_path: Path) -> None:
    program = program_with_its_own(tmp_path)
    command = [sys.executable, str(program), *OWN]
    alone = subprocess.run(command, input="go\n", capture_output=True, text=True, timeout=60, check=True)
    said, ran = told(command, with_agent(os.environ))
    assert said == alone.stdout.removeprefix("ready\n")
    assert ran == alone.stderr


def test_where_the_program_has_replaced_what_is_needed_there_is_no_agent(tmp_path: Path) -> None:
    program_with_its_own(tmp_path)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import json; import leakdoc.agent"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f"the program has a module json of its own, {tmp_path / 'json.py'}" in done.stderr


def test_two_copies_of_the_file_are_one_agent(tmp_path: Path) -> None:
    (tmp_path / "leakdoc_agent.py").write_text(agent_text())
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", COPIES, str(tmp_path)]
    with Program(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.line() == "True\n"
        with AgentClient(process.pid) as agent:
            assert agent.hello().pid == process.pid
        assert process.communicate("go\n", timeout=60)[0] == "True\n"
