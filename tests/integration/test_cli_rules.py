"""`leakdoc rules` under promtool: valid, set off by a leak, and not by what only looks like one."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from leakdoc.cli.main import main
from leakdoc.detection.diagnosis import diagnose
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis, Window
from leakdoc.model.documents import diagnosis_document
from leakdoc.model.finding import Finding
from leakdoc.reporting.rules.signatures import ALERTS as SIGNATURES
from leakdoc.testing.series import made_subject, made_trace
from tests.prometheus_server import PATIENCE_S, binary

HOUR = 60  # samples: one a minute
MIB = 2**20


@pytest.fixture
def rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["rules"]) == 0
    file = tmp_path / "leakdoc.rules.yml"
    file.write_text(capsys.readouterr().out)
    return file


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([binary("promtool"), *words], capture_output=True, text=True, timeout=PATIENCE_S)


def test_the_rules_are_valid(rules: Path) -> None:
    checked = promtool("check", "rules", str(rules))
    assert checked.returncode == 0, checked.stderr
    assert "12 rules found" in checked.stdout


def test_matchers_reach_every_selector(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--match", 'namespace="shop",job=~"a.*"']) == 0
    text = capsys.readouterr().out
    file = tmp_path / "matched.rules.yml"
    file.write_text(text)
    assert promtool("check", "rules", str(file)).returncode == 0
    scraped = [line for line in text.splitlines() if "_bytes" in line or "_seconds" in line or "_fds" in line]
    assert all('namespace="shop"' in line for line in scraped if "leakdoc:" not in line)
    assert main(["rules", "--match", "nonsense"]) == 2


PROCESS = 'job="svc",instance="a:80"'
CONTAINER = 'namespace="shop",pod="api-1",container="web",id="/{}"'


def rss(values: str, *, start: str = "0x1000", labels: str = PROCESS) -> dict[str, str]:
    return {f"process_resident_memory_bytes{{{labels}}}": values, f"process_start_time_seconds{{{labels}}}": start}


def container(values: str, *, limit: int = 0, restarts: str = "0x1200", killed: str = "0x1200") -> dict[str, str]:
    labels = CONTAINER.format("a")
    plain = 'namespace="shop",pod="api-1",container="web"'
    return {
        f"container_memory_rss{{{labels}}}": values,
        f"container_start_time_seconds{{{labels}}}": "0x1200",
        f"container_spec_memory_limit_bytes{{{labels}}}": f"{limit}x1200",
        f"kube_pod_container_status_restarts_total{{{plain}}}": restarts,
        f'kube_pod_container_status_last_terminated_reason{{{plain},reason="OOMKilled"}}': killed,
    }


def line(start: float, step: float, count: int) -> str:
    """A straight line, in MiB, one sample a minute."""
    return f"{round(start * MIB)}+{round(step * MIB)}x{count}" if step >= 0 else f"{start * MIB}-{-step * MIB}x{count}"


def levelling(count: int) -> str:
    """From 100 to 400 MiB, and slower and slower: what a cache that fills looks like."""
    return " ".join(str(round((400 - 300 * 0.993**at) * MIB)) for at in range(count))


def sawtooth(count: int, period: int, rise: float, creep: float = 0.0) -> str:
    """What a collector leaves: rises, and falls back to a floor that may creep upwards, in MiB."""
    return " ".join(str(round((200 + creep * at + rise * (at % period)) * MIB)) for at in range(count))


GROWS, SOON = "LeakdocProcessMemoryGrows", "LeakdocProcessOutOfMemorySoon"
IN_CONTAINER, KILLED_SOON = "LeakdocContainerMemoryGrows", "LeakdocContainerOutOfMemorySoon"
HIDDEN, RUN_OUT = "LeakdocRestartsHideGrowth", "LeakdocDescriptorsRunOut"
ALERTS = (GROWS, SOON, IN_CONTAINER, KILLED_SOON, HIDDEN, RUN_OUT)

SCENES: dict[str, tuple[dict[str, str], set[str]]] = {
    "a leak": (rss(line(100, 0.1, 700)), {GROWS}),
    "a leak under a collector": (rss(sawtooth(700, 30, 2.0, creep=0.15)), {GROWS}),
    "a start that rises for two hours": (rss(f"{line(50, 1.5, 120)} {230 * MIB}x600"), set()),
    "a start that has just been": (rss(line(50, 1.5, 350)), set()),
    "a cache that fills": (rss(levelling(700)), set()),
    "a flat line": (rss(f"{200 * MIB}x700"), set()),
    "a collector's sawtooth": (rss(sawtooth(700, 50, 4.0)), set()),
    "a restart every two hours": (
        rss(" ".join(line(100, 1.0, 119) for _ in range(6)), start=" ".join(f"{7200 * at}x119" for at in range(6))),
        set(),
    ),
    "a leak in a container": (container(line(100, 0.1, 700), limit=10_000 * MIB), {IN_CONTAINER}),
    "a leak that reaches its limit": (container(line(100, 0.2, 700), limit=300 * MIB), {IN_CONTAINER, KILLED_SOON}),
    "killed again and again": (
        container(f"{100 * MIB}x700", restarts="0x100 1x200 2x200 3x300", killed="0x100 1x700"),
        {HIDDEN},
    ),
    "restarted by hand": (container(f"{100 * MIB}x700", restarts="0x100 1x200 2x200 3x300"), set()),
    "descriptors that are never closed": (
        {
            f"process_open_fds{{{PROCESS}}}": "100+1x900", f"process_max_fds{{{PROCESS}}}": "1024x900",
            f"process_start_time_seconds{{{PROCESS}}}": "0x900",
        },
        {RUN_OUT},
    ),
    "descriptors of a large pool": (
        {
            f"process_open_fds{{{PROCESS}}}": "900x900", f"process_max_fds{{{PROCESS}}}": "1024x900",
            f"process_start_time_seconds{{{PROCESS}}}": "0x900",
        },
        set(),
    ),
}  # fmt: skip


def test_alerts_are_set_off_by_leaks_alone(rules: Path, tmp_path: Path) -> None:
    lines = [f"rule_files: [{rules}]", "evaluation_interval: 5m", "tests:"]
    for name, (series, expected) in SCENES.items():
        lines += [f"  - name: {name}", "    interval: 1m", "    input_series:"]
        for selector, values in series.items():
            lines += [f"      - series: '{selector}'", f"        values: '{values}'"]
        lines.append("    promql_expr_test:")
        for alert in ALERTS:
            told = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
            sample = f"{{labels: '{{}}', value: {int(alert in expected)}}}"
            lines += [f"      - expr: '{told}'", "        eval_time: 11h30m", f"        exp_samples: [{sample}]"]
    file = tmp_path / "leakdoc.test.yml"
    file.write_text("\n".join(lines) + "\n")
    tested = promtool("test", "rules", str(file))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def alerts(tmp_path: Path, capsys: pytest.CaptureFixture[str], finding: str) -> str:
    assert main(["rules", "--for", finding]) == 0
    file = tmp_path / "signature.rules.yml"
    file.write_text(capsys.readouterr().out)
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stderr
    return file.read_text()


@pytest.mark.parametrize("detector", list(SIGNATURES))
def test_the_alerts_of_every_signature_are_valid(
    detector: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "alert: Leakdoc" in alerts(tmp_path, capsys, detector)


def test_alerts_carry_the_labels_of_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding(
        detector="unclosed_connections",
        metric="connections",
        decision=Decision.LEAKING,
        reason="x",
        evidence={"peer": 'odd"}\\ or vector(1) #', "direction": "out"},
    )
    diagnosis = Diagnosis(
        subject=made_subject(),
        decision=Decision.LEAKING,
        reason="x",
        findings=(finding, replace(finding, decision=Decision.STABLE)),
        window=Window(start=None, end=None, samples=0),
    )
    file = tmp_path / "found.json"
    file.write_text(json.dumps(diagnosis_document(diagnosis)))
    text = alerts(tmp_path, capsys, str(file))
    assert text.count("alert:") == 1
    assert 'peer="odd\\"}' in text


@pytest.mark.parametrize("finding", ["nonesuch", "{directory}", "{directory}/empty.json", "{directory}/sound.json"])
def test_what_is_no_finding_is_refused(finding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty.json").write_text("[]")
    (tmp_path / "sound.json").write_text(json.dumps(diagnosis_document(diagnose(made_trace([])))))
    assert main(["rules", "--for", finding.format(directory=tmp_path)]) in (2, 4)
    captured = capsys.readouterr()
    assert not captured.out
    assert 1 <= len(captured.err.splitlines()) <= 2
