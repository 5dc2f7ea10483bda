"""Steps on a real process, from Python and from the command line."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

import leakdoc
from leakdoc.cli.main import main
from leakdoc.model.decision import Outcome
from leakdoc.playbook import StepContext
from leakdoc.playbook.running import run_step
from leakdoc.reporting.schemas import schema_text
from tests.program import Program

WITHIN_S = 30.0
STEP_RESULT = json.loads(schema_text("step-result"))


@pytest.fixture
def target() -> Iterator[int]:
    """A process that waits for its standard input to be closed."""
    with Program([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def test_a_sampled_process_can_be_judged_and_verified(target: int, tmp_path: Path) -> None:
    ctx = StepContext(directory=tmp_path)
    sampled = run_step("sample_memory", {"target": target, "for": "500ms", "interval": "20ms"}, ctx)
    assert sampled.outcome is Outcome.PASSED
    recording = Path(str(sampled.outputs["recording"]))
    assert recording.parent == tmp_path
    assert len(leakdoc.load_trace(recording)) > 1

    grown = leakdoc.steps.detect_growth(trace=recording)
    assert grown.outputs["diagnosis"]["subject"]["pid"] == target  # type: ignore[call-overload,index]
    assert (grown.outcome is Outcome.INCONCLUSIVE) == (grown.outputs["decision"] == "inconclusive")

    values = {"target": target, "before": ["sample"], "for": "100ms", "interval": "20ms"}
    ctx = StepContext(directory=tmp_path, earlier={"sample": sampled})
    verified = run_step("verify_normalized", values, ctx)
    assert verified.outcome is Outcome.INCONCLUSIVE, verified.reason
    assert len(list(tmp_path.glob("*.leakdoc"))) == 2


def test_a_step_that_is_cancelled_keeps_what_it_has(target: int, tmp_path: Path) -> None:
    ctx = StepContext(directory=tmp_path)
    ctx.cancelled.set()
    result = run_step("sample_memory", {"target": target, "record": str(tmp_path / "r.leakdoc")}, ctx)
    assert result.outcome is Outcome.PASSED
    assert len(leakdoc.load_trace(tmp_path / "r.leakdoc")) == 1


def test_an_interrupted_step_gives_its_result(target: int, tmp_path: Path) -> None:
    recording = tmp_path / "r.leakdoc"
    command = [sys.executable, "-m", "leakdoc", "step", "run", "sample_memory", "--json"]
    command += ["-p", f"target={target}", "-p", "for=10m", "-p", "interval=50ms", "-p", f"record={recording}"]
    with Program(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + WITHIN_S
        while not recording.exists() and time.monotonic() < deadline:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, err
    document = json.loads(out)
    jsonschema.validate(document, STEP_RESULT)
    assert document["outcome"] == "passed"
    assert document["outputs"]["recording"] == str(recording)


def test_a_target_that_is_not_there_is_an_error_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["step", "run", "sample_memory", "-p", "target=999999999"]) == 4
    assert "ERROR  leakdoc.sample_memory: there is no process with pid 999999999" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("growth", "code", "outcome"), [(50_000, 0, "passed"), (0, 0, "passed"), (None, 3, "inconclusive")]
)
def test_detect_growth_from_the_command_line(
    growth: int | None, code: int, outcome: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "memory.csv"
    rows = range(600 if growth is not None else 5)
    cells = (f"{1_700_000_000 + row},{10**8 + (growth or 0) * row + row * 7919 % 4096}" for row in rows)
    trace.write_text("\n".join(["time,rss_bytes", *cells]))
    words = ["step", "run", "leakdoc.detect_growth", "-p", f"trace={trace}", "-p", "policy.smallest=64MiB/h"]
    assert main([*words, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, STEP_RESULT)
    assert document["outcome"] == outcome
    assert document["outputs"]["decision"] == {50_000: "leaking", 0: "stable", None: "inconclusive"}[growth]
    assert main(words) == code
    assert capsys.readouterr().out.startswith(f"{outcome.upper()}  leakdoc.detect_growth: ")


def test_what_grows_beside_memory_is_not_taken_for_memory(tmp_path: Path) -> None:
    trace = tmp_path / "queue.csv"
    rows = [(1_700_000_000 + row, 10**8 + row * 7919 % 4096, row) for row in range(600)]
    trace.write_text("\n".join(["time,rss_bytes,queue_depth", *(f"{at},{rss},{depth}" for at, rss, depth in rows)]))
    policy = leakdoc.GrowthPolicy(smallest=64 * 2**20 / 3600)
    assert leakdoc.steps.detect_growth(trace=trace, policy=policy).outputs["decision"] == "stable"
    trace.write_text("\n".join(["time,queue_depth", *(f"{at},{depth}" for at, _, depth in rows)]))
    result = leakdoc.steps.detect_growth(trace=trace)
    assert result.outputs["decision"] == "leaking"
    assert result.reason.startswith("no memory was read; of queue_depth: ")


def test_a_trace_without_memory_is_inconclusive(tmp_path: Path) -> None:
    trace = tmp_path / "descriptors.csv"
    trace.write_text("\n".join(["time,open_fds", *(f"{1_700_000_000 + row},{row}" for row in range(60))]))
    result = leakdoc.steps.detect_growth(trace=trace)
    assert result.outcome is Outcome.INCONCLUSIVE
    assert "no memory was read" in result.reason


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["run", "detect_growth", "-p", "tarce=x", "-p", "policy.bins=many"],
            "tarce is not a parameter; trace is missing",
        ),
        (["run", "detect_growth", "-p", "trace"], "not a parameter: 'trace'"),
        (["run", "detect_growth", "-p", "trace=a", "-p", "trace=b"], "trace was given twice, and takes one value"),
        (["run", "sample_memory", "-p", "target=abc"], "not a target: 'abc'"),
        (["run", "verify_normalized", "-p", "before=a.csv"], "after names no recording, and there is no target"),
        (["run", "detect_growth", "--directory", "/nonesuch"], "not a directory"),
        (["show", "nonesuch"], "no such step: 'nonesuch'"),
    ],
)
def test_a_wrong_command_line_is_exit_2(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["step", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err


def test_list_and_show_say_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["step", "list"]) == 0
    assert re.search(r"leakdoc\.verify_normalized +read ", capsys.readouterr().out)
    assert main(["step", "show", "sample_memory"]) == 0
    shown = capsys.readouterr().out
    assert "for        how long at most" in shown and "(default: 600s)" in shown
    assert main(["step", "show", "sample_memory", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(schema_text("step")))
    jsonschema.Draft202012Validator.check_schema(document["parameters"])
    assert (document["effect"], document["scope"], document["idempotent"]) == ("read", "none", True)
