"""A folder of recordings and files: what is found, what is skipped, in which order, and with whatever executor."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import leakdoc
from leakdoc.cli.scan import print_scan_json
from leakdoc.detection.discovery import discovery_of
from leakdoc.errors import UnreadableSource
from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis, Window
from leakdoc.model.documents import scan_document
from leakdoc.model.finding import Finding, Interval
from leakdoc.model.packed import PackedDiagnoses
from leakdoc.model.scan import Scan
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.model.urgency import most_urgent_first
from leakdoc.reporting.scan_csv import HEADER, write_scan_csv
from leakdoc.reporting.scan_text import scan_lines
from tests.docs.commands import blocks


def samples(per_row: float, *, rows: int = 300) -> str:
    values = [100e6 + per_row * row + 4096.0 * (row * 7 % 5) for row in range(rows)]
    return "time,rss_bytes\n" + "".join(f"{1_700_000_000 + row},{value}\n" for row, value in enumerate(values))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "b/leaks.csv": samples(50_000.0),
        "a/flat.csv": samples(0.0),
        "a/short.csv": samples(0.0, rows=5),
        "broken.csv": "time,rss_bytes\n1,x\n",
        "notes.txt": "no samples",
        ".hidden/leaks.csv": samples(50_000.0),
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


def test_every_file_is_a_subject_in_the_order_of_their_paths(folder: Path) -> None:
    scan = leakdoc.scan(folder)
    assert [(each.subject.name, each.decision) for each in scan.diagnoses] == [
        ("a/flat", Decision.STABLE),
        ("a/short", Decision.INCONCLUSIVE),
        ("b/leaks", Decision.LEAKING),
    ]
    assert list(scan.skipped) == ["broken"]
    assert "line 2" in scan.skipped["broken"]
    assert all(each.subject.kind is SubjectKind.FILE for each in scan.diagnoses)


def test_each_is_judged_as_it_is_alone(folder: Path) -> None:
    alone = leakdoc.diagnose(folder / "b/leaks.csv")
    (among,) = [each for each in leakdoc.scan(folder).diagnoses if each.subject.name == "b/leaks"]
    (found,), (expected,) = among.findings, alone.findings
    assert (found.decision, found.reason) == (expected.decision, expected.reason)
    assert found.slope_per_hour is not None and expected.slope_per_hour is not None
    assert found.slope_per_hour.estimate == pytest.approx(expected.slope_per_hour.estimate, rel=1e-9)


def test_progress_is_told_to_the_end(folder: Path) -> None:
    told: list[tuple[int, int]] = []
    leakdoc.scan(folder, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (4, 4)


class Losing(Executor):
    """An executor whose workers die over every second task, and which then takes no more."""

    def __init__(self) -> None:
        self.handed_out = 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.handed_out += 1
        if self.handed_out > 2:
            raise RuntimeError("cannot schedule new futures after a worker died")
        future: Future[Any] = Future()
        if self.handed_out == 2:
            future.set_exception(RuntimeError("a worker was killed"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def test_any_executor_gives_the_same_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leakdoc.detection.scan._FILES_AT_ONCE", 1)
    here = leakdoc.scan(folder)
    losing = Losing()
    assert leakdoc.scan(folder, executor=losing) == here
    assert losing.handed_out == 4
    with ThreadPoolExecutor(2) as threads:
        assert leakdoc.scan(folder, executor=threads) == here


def test_processes_give_the_same_answer(folder: Path) -> None:
    import multiprocessing

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes:
        assert leakdoc.scan(folder, executor=processes) == leakdoc.scan(folder)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match="no folder"):
        leakdoc.scan(tmp_path / "nowhere")


def judged(
    name: str, decision: Decision = Decision.LEAKING, *, confidence: float = 0.99, soon: float | None = None,
    slope: float = 1e6, metric: str = "rss_bytes",
) -> Diagnosis:  # fmt: skip
    finding = Finding(
        detector="growth", metric=metric, decision=decision, reason="grows", confidence=confidence,
        slope_per_hour=Interval(estimate=slope, low=None, high=None),
        time_to_limit_s=None if soon is None else Interval(estimate=soon, low=None, high=None),
    )  # fmt: skip
    return Diagnosis(
        subject=Subject(kind=SubjectKind.FILE, name=name), decision=decision, reason="grows", findings=(finding,),
        window=Window(start=0.0, end=1.0, samples=2),
    )  # fmt: skip


def test_the_sooner_an_oom_the_more_urgent_then_the_faster() -> None:
    ranked = most_urgent_first(
        [
            judged("stable", Decision.STABLE),
            judged("descriptors", slope=1e9, metric="open_fds"),
            judged("slow"),
            judged("fast", slope=5e6),
            judged("later", soon=7_200.0),
            judged("soon", soon=60.0, slope=1.0),
            judged("unknown", Decision.INCONCLUSIVE),
        ]
    )
    assert [each.subject.name for each in ranked] == [
        "soon", "later", "fast", "slow", "descriptors", "unknown", "stable",
    ]  # fmt: skip


def test_the_least_sure_faults_are_those_that_break_the_level() -> None:
    faults = [judged("sure", confidence=0.99), judged("less", confidence=0.95), judged("doubtful", confidence=0.7)]
    found = discovery_of([*faults, judged("fine", Decision.STABLE, confidence=0.6)])
    assert found.faults == 3
    assert found.expected_false == pytest.approx(0.36)
    assert found.rate == pytest.approx(0.12)
    assert found.tentative == ("doubtful",)
    assert discovery_of(faults, level=0.5).tentative == ()
    assert discovery_of([]).rate is None


def test_the_table_of_a_scan_is_inert_and_whole() -> None:
    diagnoses = (judged("=cmd()|' /C calc'!A0"), judged("a\nb"))
    out = io.StringIO()
    write_scan_csv(Scan(diagnoses=diagnoses, skipped={"x": "why"}, discovery=discovery_of(diagnoses)), out)
    rows = list(csv.reader(io.StringIO(out.getvalue())))
    assert rows[0] == list(HEADER)
    assert rows[1][0].startswith("'=") and rows[2][0] == "a b"
    assert rows[3][:3] == ["x", "", "skipped"] and rows[3][-1] == "why"
    assert {len(row) for row in rows} == {len(HEADER)}


def test_what_is_not_shown_is_counted() -> None:
    diagnoses = tuple(judged(f"s{at:02}") for at in range(30))
    skipped = {f"x{at}": "why" for at in range(12)}
    lines = list(scan_lines(Scan(diagnoses=diagnoses, skipped=skipped, discovery=discovery_of(diagnoses))))
    assert lines[0] == "30 subjects: 30 leaking; 12 skipped"
    assert any(line.startswith("and 10 more:") for line in lines)
    assert any(line.startswith("and 2 more were skipped") for line in lines)
    assert any("expected to be false" in line for line in lines)


def test_the_snippet_of_the_documentation_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.rename(folder.with_name("recordings"))
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", ThreadPoolExecutor)
    (block,) = [each for each in blocks("python") if each.document == "docs/fleet.md"]
    exec(compile(block.text, "fleet.md", "exec"), {})
    assert "'leaking': 1" in capsys.readouterr().out


def test_packed_diagnoses_are_the_same_and_in_the_same_order() -> None:
    diagnoses = [judged("b"), judged("a", soon=60.0), judged("fine", Decision.STABLE), judged("c", slope=5e6)]
    diagnoses += [judged(f"more-{at}", Decision.STABLE) for at in range(20)]  # packed by the first few
    packed = PackedDiagnoses(diagnoses)
    assert list(packed) == diagnoses
    assert list(packed.most_urgent_first()) == most_urgent_first(diagnoses)
    assert [each.subject.name for each in packed.most_urgent_first()[:2]] == ["a", "c"]
    assert len(list(packed.faults())) == 3
    told = [Scan(diagnoses=each, skipped={}, discovery=discovery_of(diagnoses)) for each in (packed, tuple(diagnoses))]
    assert told[0].counts == told[1].counts
    assert list(told[0].ranked) == list(told[1].ranked)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_document_that_is_written_in_parts_is_the_whole_document(count: int) -> None:
    diagnoses = tuple(judged(f'"diagnoses": [] {at}') for at in range(count))
    scan = Scan(diagnoses=diagnoses, skipped={'"diagnoses": []': "why"}, discovery=discovery_of(diagnoses))
    out = io.StringIO()
    print_scan_json(scan, out)
    assert json.loads(out.getvalue()) == json.loads(json.dumps(scan_document(scan)))
