"""From a capture to places in a repository, and to a test of the incident."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from leakdoc.attribution.regression_test import regression_test_text
from leakdoc.errors import StepError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from playbook_steps.capture_heap import capture_heap
from playbook_steps.locate_code import locate_code
from playbook_steps.write_regression_test import write_regression_test
from tests.program import Program

PROGRAM = Path(__file__).parents[1] / "programs" / "leaks_lines.py"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "payments").mkdir()
    (tmp_path / "payments" / "charge.py").write_text("import db\n\n\ndef charge():\n    return db.connect()\n")
    (tmp_path / "charge.py").write_text("")
    return tmp_path


def places(result: StepResult) -> list[dict[str, object]]:
    found = result.outputs["places"]
    assert isinstance(found, list)
    return found  # type: ignore[return-value]


def test_openers_and_lines_are_mapped_to_the_repository(repository: Path) -> None:
    result = locate_code(
        source=str(repository),
        openers=[{"file": "/app/payments/charge.py", "line": 5, "function": "charge", "count": 400}],
        heap=[{"file": "/usr/lib/python3.11/json/decoder.py", "line": 3}],
    )
    assert result.outcome is Outcome.PASSED
    (place,) = places(result)
    assert (place["path"], place["line"]) == ("payments/charge.py", 5)
    assert place["text"] == "return db.connect()"


def test_a_name_that_two_files_share_is_not_guessed(repository: Path) -> None:
    (repository / "other").mkdir()
    (repository / "other" / "charge.py").write_text("x = 1\n")
    (repository / "charge.py").unlink()
    (place,) = places(locate_code(source=str(repository), openers=[{"file": "charge.py", "line": 1}]))
    assert place["path"] is None
    assert place["file"] == "charge.py"


def test_nothing_to_locate_is_inconclusive(repository: Path) -> None:
    assert locate_code(source=str(repository)).outcome is Outcome.INCONCLUSIVE


def test_the_test_that_is_written_fails_until_it_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "test_incident.py"
    lines = [{"file": '/srv/a"""b.py', "line": 7, "function": "charge"}]
    result = write_regression_test(path=str(path), service="payments", lines=lines)
    assert result.outputs["path"] == str(path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 1
    assert "fill this in" in done.stdout
    filled = path.read_text().replace('pytest.fail("fill this in', 'sorted("fill this in')
    path.write_text(filled)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    with pytest.raises(StepError, match="is there already"):
        write_regression_test(path=str(path), service="payments", lines=lines)


APP = """
import asyncio, socket, weakref
CACHE, LISTENERS, OPEN, TASKS = {}, [], [], []
FIXED = %r

def cache(number=[0]):
    number[0] += 1
    CACHE[number[0]] = bytes(200)
    if FIXED and len(CACHE) > 10:
        CACHE.pop(next(iter(CACHE)))

def listener():
    def heard():
        return listener
    LISTENERS.append(heard)
    if FIXED:
        LISTENERS.remove(heard)

def connection():
    both = socket.socketpair()
    OPEN.append(both)
    if FIXED:
        for each in OPEN.pop():
            each.close()

async def task():
    made = asyncio.create_task(asyncio.sleep(3600))
    TASKS.append(made)
    if FIXED:
        TASKS.pop().cancel()
        await asyncio.wait([made])
"""


@pytest.mark.parametrize("fixed", [False, True], ids=["leaks", "fixed"])
def test_filled_in_it_fails_on_what_leaks_and_passes_on_what_is_fixed(tmp_path: Path, fixed: bool) -> None:
    (tmp_path / "app.py").write_text(APP % fixed)
    kinds = ("cache", "listener", "connection", "task")
    for name in kinds:
        path = tmp_path / f"test_{name}.py"
        write_regression_test(path=str(path), service="shop", lines=[{"file": "app.py", "line": 7, "function": name}])
        text = path.read_text()
        start = text.index("pytest.fail(")
        text = text.replace(text[start : text.index("\n", start)], f"import app; return app.{name}()")
        path.write_text(text.replace("def leaked", "async def leaked") if name == "task" else text)
        if name == "task":
            path.write_text(path.read_text().replace("return app", "await app"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=tmp_path)
    assert done.returncode == (0 if fixed else 1), done.stdout
    assert (f"{len(kinds)} passed" if fixed else f"{len(kinds)} failed") in done.stdout
    if not fixed:
        assert all(words in done.stdout for words in ("of memory a call", "connections a call", "tasks a call"))


def test_the_folder_of_the_test_is_made(tmp_path: Path) -> None:
    path = tmp_path / "tests" / "incidents" / "test_incident.py"
    assert write_regression_test(path=str(path), service="payments").outcome is Outcome.PASSED
    assert path.exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(StepError, match="cannot be written"):
        write_regression_test(path=str(tmp_path / "file" / "test_incident.py"), service="payments")


def test_without_a_file_no_test_is_written() -> None:
    assert write_regression_test(service="payments").outcome is Outcome.SKIPPED


def test_a_test_of_hostile_names_is_still_one() -> None:
    text = regression_test_text('x"""\nimport os', [{"file": "{0}\\", "line": 1, "function": '"""'}])
    compile(text, "test.py", "exec")


def test_a_running_program_is_captured() -> None:
    from leakdoc.attach.agent_file import with_agent

    process = Program(
        [sys.executable, str(PROGRAM), "cache"], stdout=subprocess.PIPE, text=True, env=with_agent({"PATH": "/bin"})
    )
    try:
        assert process.line() == "ready\n"
        culprit = int(process.line())
        result = capture_heap(target=process.pid, **{"for": "3s"})
        assert result.outcome is Outcome.PASSED
        (place, *_) = places(locate_code(source=str(PROGRAM.parent), heap=result.outputs["lines"]))
        assert (place["path"], place["line"]) == ("leaks_lines.py", culprit)
    finally:
        process.end()
