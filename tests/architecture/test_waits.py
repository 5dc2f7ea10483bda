"""No wait is without an end: neither in leakdoc nor in its tests, but for those named here with their reason.

What waits for a process, a thread, a lock or the network says for how long. A test starts programs by
`tests.program.Program`, whose waits have an end by themselves, and which ends what they started with them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = sorted(path for room in ("leakdoc", "playbook_steps") for path in (ROOT / room).rglob("*.py"))
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if path.parent.name != "connections")
SOURCES = OURS + [path for path in TESTS if "programs" not in path.parts]

A_PERSON = "a person is asked, who takes the time that it takes"
THE_CALLER = "how long is for the caller to say, who has the means to stop it"
ITS_LIMIT = "it waits for as long as the step may take"
A_CHILD_OF_OURS = "a child of the demo, which its parent ends by SIGKILL where it does not end"
WAITS = {
    ("leakdoc/cli/heap.py", "sys.stdin.readline()"): A_PERSON,
    ("leakdoc/cli/playbook_going.py", "sys.stdin.readline()"): A_PERSON,
    ("leakdoc/playbook/engine/isolation.py", "self._told.wait_for(lambda: bool(self._answers))"): A_PERSON,
    (
        "leakdoc/playbook/engine/isolation.py",
        "_Child(step, values, ctx, limit_s, act).result()",
    ): ITS_LIMIT,
    ("leakdoc/detection/watch.py", "self._thread.join()"): THE_CALLER,
    ("leakdoc/detection/watch.py", "self.join()"): THE_CALLER,
    ("tests/unit/test_detection_watch.py", "watch.join()"): "a watch by a clock that is made up",
    ("leakdoc/detection/handing_out.py", "future.result()"): THE_CALLER,
    ("leakdoc/demo/payments.py", "accepting.join()"): A_CHILD_OF_OURS,
    ("leakdoc/demo/payments.py", "signal.sigwait(ending)"): A_CHILD_OF_OURS,
    ("leakdoc/demo/payments.py", "self.shutdown()"): A_CHILD_OF_OURS,
    ("leakdoc/demo/payments.py", "self._workers.shutdown()"): A_CHILD_OF_OURS,
    ("leakdoc/demo/keeper.py", "signal.sigwait(_ENDING)"): A_CHILD_OF_OURS,
    ("leakdoc/demo/keeper.py", "server.wait()"): A_CHILD_OF_OURS,
    ("leakdoc/demo/lifeline.py", "child.stdout.readline()"): "a timer beside it kills a child that says nothing",
    ("leakdoc/cli/exporter.py", "server.shutdown()"): "its thread has been started, and looks twice a second",
    ("leakdoc/testing/slack.py", "self._server.shutdown()"): "its thread has been started, and looks often",
    ("tests/program.py", "(stream or self.stdout).readline(most)"): "a timer beside it kills a program that is silent",
    ("tests/program.py", "(stream or self.stdout).read()"): "a timer beside it kills a program that is silent",
    ("tests/integration/test_sampling_processes.py", "os.waitpid(child, 0)"): "an alarm ends it",
}

RUNS = ("run", "call", "check_call", "check_output")
OF_NO_ARGUMENT = ("wait", "join", "result", "communicate", "shutdown", "acquire", "sigwait", "get_nowait")


def waits(path: Path) -> Iterator[tuple[str, int]]:
    """The calls of a module that may wait without an end, with their lines."""
    is_test = ROOT / "tests" in path.parents
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and may_never_end(node, is_test=is_test):
            yield ast.unparse(node), node.lineno


def may_never_end(call: ast.Call, *, is_test: bool) -> bool:
    function, named = call.func, {each.arg for each in call.keywords}
    if not isinstance(function, ast.Attribute) or "timeout" in named or None in named:
        return False
    name, owner = function.attr, ast.unparse(function.value)
    if owner == "subprocess":
        return name in RUNS or (is_test and name == "Popen")
    if owner == "os":
        return name in ("waitpid", "wait4") and ast.unparse(call.args[-1]) == "0"
    if owner == "fcntl":
        return name == "flock" and "LOCK_EX" in ast.unparse(call) and "LOCK_NB" not in ast.unparse(call)
    if name in ("readline", "read") and owner.endswith((".stdin", ".stdout", ".stderr")):
        return name == "readline" or owner != "sys.stdin"
    if name == "sigwait" or (name == "wait_for" and len(call.args) == 1):
        return True
    if name in ("urlopen", "create_connection"):
        return not is_test and len(call.args) < 2
    if is_test and name in ("wait", "communicate"):  # of `Program`, which has a time of its own
        return False
    return name in OF_NO_ARGUMENT and not call.args and not call.keywords


@cache
def found() -> tuple[tuple[str, int, str], ...]:
    """All of them: the module, the line and the call."""
    return tuple((str(path.relative_to(ROOT)), line, call) for path in SOURCES for call, line in waits(path))


def test_every_wait_has_an_end_or_a_reason() -> None:
    bare = [f"{name}:{line}: {call}" for name, line, call in found() if (name, call) not in WAITS]
    assert not bare, "give it a time; a test starts programs by tests.program.Program"


def test_no_exception_is_kept_that_is_no_longer_needed() -> None:
    assert set(WAITS) <= {(name, call) for name, _, call in found()}


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("subprocess.run(words)", True), ("subprocess.run(words, timeout=60)", False), ("process.wait()", True),
        ("process.wait(5)", False), ("thread.join()", True), ("', '.join(words)", False),
        ("process.communicate()", True),
        ("os.waitpid(pid, 0)", True), ("os.waitpid(pid, os.WNOHANG)", False), ("done.wait()", True),
        ("fcntl.flock(f, fcntl.LOCK_EX)", True), ("fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)", False),
        ("child.stdout.readline()", True), ("urllib.request.urlopen(url)", True), ("told.wait_for(ready)", True),
        ("told.wait_for(ready, 5)", False),
    ],
)  # fmt: skip
def test_a_wait_without_an_end_is_found(code: str, is_found: bool, tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(code)
    assert bool(list(waits(module))) is is_found
