"""What leakdoc writes is what its schemas say, and the schemas say all of it."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from leakdoc.cli.main import main
from leakdoc.cli.playbook_words import check_document, library_document, playbook_document
from leakdoc.cli.step_words import registry_document, step_document
from leakdoc.detection.diagnosis import diagnose
from leakdoc.detection.discovery import discovery_of
from leakdoc.model.decision import Basis, CheckOutcome, Decision, Outcome, ProofDecision
from leakdoc.model.documents import diagnosis_document, scan_document, step_result_document
from leakdoc.model.heap import HeapReport, Holder, Hop, HopStatus, LineGrowth, MemoryKind, Rung
from leakdoc.model.heap_document import heap_document
from leakdoc.model.peer import Held, PeerSummary, connections_document
from leakdoc.model.postmortem_document import postmortem_document
from leakdoc.model.proof_document import proof_document
from leakdoc.model.scan import Scan
from leakdoc.model.step import Effect, EvidenceFile, EvidenceValue, StepResult
from leakdoc.model.subject import SubjectKind
from leakdoc.playbook.engine.document import run_document
from leakdoc.playbook.library import Source
from leakdoc.playbook.loading import checked, examine
from leakdoc.playbook.registry import Refused, installed
from leakdoc.reporting.schemas import names, schema_text
from leakdoc.sampling.captures.capture import Captures
from leakdoc.sampling.captures.edge import Edge
from leakdoc.sampling.captures.trigger import AtShare
from leakdoc.testing.series import made_samples
from leakdoc.verification.guard_document import guard_document
from leakdoc.verification.guarding import Guarded, Harm
from leakdoc.verification.postmortem import postmortem
from leakdoc.verification.recheck import recheck, recheck_document
from leakdoc.verification.rollback import Rollback
from leakdoc.verification.verify import verify
from leakdoc.verification.write import write_proof
from tests import playbook_runs
from tests import reporting_values as values
from tests.records_scenes import incident_of, leak

Document = dict[str, Any]


def schema(name: str) -> Document:
    document: Document = json.loads(schema_text(name))
    return document


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(name), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """Every document as the real code writes it."""
    before, after = values.trace(grows_per_hour=60 * values.MIB), values.trace(start=values.START + 4_100.0, pid=43)
    proof = verify(before, after)
    path = write_proof(proof, tmp_path_factory.mktemp("proof") / "proof.json")
    said = diagnosis_document(diagnose(before))
    guarded = Guarded(decision=proof.decision, reason=proof.reason, harm=Harm.WORSE, proof=proof, samples=9)
    rollback = Rollback(argv=("a", "b"), exit_status=0, output="c", took_s=1.5, verified=True, reason="d")
    playbook = examine(Source(name="x", origin="x", text=values.PLAYBOOK))
    step = StepResult(
        step="leakdoc.x",
        outcome=Outcome.PASSED,
        reason="y",
        evidence=(EvidenceFile(name="a", path="b", sha256="0" * 64), EvidenceValue(name="c", value=[1, None])),
    )
    peer = PeerSummary(
        peer="10.0.0.5:5432", peer_kind="postgres", direction="out", states={"ESTABLISHED": 4}, count=4, oldest_s=1.0,
        idle_max_s=1.0, idle_median_s=None, awaiting=0, awaiting_max_s=None, opened_per_s=0.5, decision="leaking",
        openers=({"file": "charge.py", "line": 7, "function": "charge", "count": 4},),
        held_at=({"file": "charge.py", "line": None, "function": "charge", "count": 1},),
    )  # fmt: skip
    holder = {"peer": "", "pool": "a", "held_s": 1.0, "file": "a.py", "line": 1, "function": "f", "thread": "main"}
    held = Held(longer_than_s=1.0, known=True, holders=(holder,))
    return {
        "capture": a_capture(tmp_path_factory.mktemp("capture")),
        "connections": connections_document(diagnose(before), (peer,), held),
        "diagnosis": said,
        "guard": guard_document(proof.after.trace.subject, guarded, rollback),
        "playbook": playbook_document(checked(playbook), installed()),
        "playbook-check": check_document(examine(replace(playbook.source, text="apiVersion: 1"))),
        "playbooks": library_document([playbook]),
        **out_of_records(tmp_path_factory.mktemp("records")),
        "heap": heap_document(a_heap_report()),
        "proof": proof_document(proof),
        "recheck": recheck_document(recheck(path)),
        "run": run_document(playbook_runs.run(values.RUN, tmp_path_factory.mktemp("run"))),
        "postmortem": postmortem_document(postmortem(before, float(before.times[-1]))),
        "scan": scan_document(
            Scan(
                diagnoses=(diagnose(before),),
                skipped={"bad.csv": "line 2 is no number"},
                discovery=discovery_of([diagnose(before)]),
                notes=("a note",),
            )
        ),
        "step-result": step_result_document(step),
        "step": step_document(installed().get("detect_growth")),
        "steps": registry_document(replace(installed(), refused=(Refused(name="a", origin="b", reason="c"),))),
    }


def out_of_records(folder: Path) -> dict[str, Document]:
    """What extract, merge and improve print of two small records."""
    one, other = str(folder / "one.jsonl"), str(folder / "other.jsonl")
    incident_of(folder, leak(), "one.jsonl")
    incident_of(folder, leak(service="billing", driver="asyncmy"), "other.jsonl")
    first, second, out = (str(folder / name) for name in ("one.yaml", "other.yaml", "out.yaml"))
    printed("extract", other, "-o", second)
    return {
        "playbook-extract": printed("extract", one, "-o", first, "--explain"),
        "playbook-merge": printed("merge", first, second, "-o", out),
        "playbook-improve": printed("improve", first, "--from", other, "-o", out),
    }


def printed(*words: str) -> Document:
    with contextlib.redirect_stdout(io.StringIO()) as screen:
        assert main(["playbook", *words, "--json"]) == 0
    document: Document = json.loads(screen.getvalue())
    return document


def a_capture(directory: Path) -> Document:
    captures = Captures(lambda: AtShare(0.8), directory / "r", limit_bytes=100.0)
    (sample,) = made_samples({"rss_bytes": [90.0]}, pid=os.getpid())
    Edge(values.trace().subject, captures).look((sample,), 0.0)
    document: Document = json.loads(captures.written[0].read_text())
    return document


def a_heap_report() -> HeapReport:
    line = LineGrowth(file="/srv/a.py", line=7, function="f", grew_bytes=1e6, grew_count=10.0, bytes_per_s=2e5)
    hop = Hop(name="module a", status=HopStatus.NOT_LEAKING, reason="a module lives as long as the process")
    return HeapReport(
        subject=values.trace().subject,
        kind_of_memory=MemoryKind.PYTHON,
        reason="Python's own objects grow",
        explained=0.9,
        lines=(line,),
        set_aside=(replace(line, line=8),),
        holders=(Holder(path=(hop,), type="list", count=12, grew=3, grew_bytes=99.0, item="str"),),
        rungs=(Rung(name="agent", used=True, reason="the process has one", cost="two looks"),),
        growth={"rss_bytes": 1e6},
        advice=("something",),
    )


def test_every_schema_has_a_document_here(documents: dict[str, Document]) -> None:
    assert set(documents) == set(names())


@pytest.mark.parametrize("name", names())
def test_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema(name)["properties"]["schema"] == {"const": f"leakdoc.{name}/1"}


@pytest.mark.parametrize("name", names())
def test_real_documents_are_valid(name: str, documents: dict[str, Document]) -> None:
    validator(name).validate(json.loads(json.dumps(documents[name], allow_nan=False)))


def test_a_diagnosis_of_everything_is_valid() -> None:
    validator("diagnosis").validate(diagnosis_document(values.diagnosis()))


@pytest.mark.parametrize("name", names())
def test_what_is_not_known_may_be_added(name: str, documents: dict[str, Document]) -> None:
    validator(name).validate(documents[name] | {"a_new_field": 1})


@pytest.mark.parametrize("name", names())
def test_every_field_that_is_written_is_described(name: str, documents: dict[str, Document]) -> None:
    described = schema(name)
    assert not list(undescribed(documents[name], described, described))


def undescribed(value: Any, part: Document, root: Document) -> Iterator[str]:
    """Yield the fields of a document that its schema does not name; free-form objects are not looked into."""
    if "$ref" in part:
        part = root["$defs"][part["$ref"].removeprefix("#/$defs/")]
    choices = part.get("oneOf")
    if choices:
        fitting = [each for each in choices if jsonschema.Draft202012Validator(root | each).is_valid(value)]
        part = fitting[0] if fitting else part
        if "$ref" in part:
            part = root["$defs"][part["$ref"].removeprefix("#/$defs/")]
    if isinstance(value, list):
        for each in value:
            yield from undescribed(each, part["items"], root)
    if isinstance(value, dict) and "properties" in part and "additionalProperties" not in part:
        yield from (key for key in value if key not in part["properties"])
        for key in value.keys() & part["properties"].keys():
            described = part["properties"][key]
            if described is not True:
                yield from undescribed(value[key], described, root)


def broken(document: Document, change: Callable[[Document], object]) -> Document:
    changed = copy.deepcopy(document)
    change(changed)
    return changed


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("diagnosis", lambda each: each.update(decision="healthy")),
        ("diagnosis", lambda each: each.update(schema="leakdoc.diagnosis/2")),
        ("diagnosis", lambda each: each.pop("window")),
        ("diagnosis", lambda each: each["findings"][0].update(confidence=1.5)),
        ("diagnosis", lambda each: each["findings"][0].update(needs_more_s="soon")),
        ("diagnosis", lambda each: each["findings"][0].update(detector="guess")),
        ("diagnosis", lambda each: each["findings"][0].update(basis="felt")),
        ("diagnosis", lambda each: each["subject"].update(kind="pod")),
        ("diagnosis", lambda each: each["window"].update({"from": "2026-11-23T03:12:00"})),
        ("proof", lambda each: each.update(decision="fixed")),
        ("proof", lambda each: each["checks"][0].update(outcome="maybe")),
        ("proof", lambda each: each.update(sha256="none")),
        ("proof", lambda each: each["samples"]["before"].pop("time")),
        ("step-result", lambda each: each.update(outcome="ok")),
        ("step-result", lambda each: each["evidence"][0].update(sha256=None)),
        ("scan", lambda each: each["diagnoses"][0].pop("decision")),
        ("recheck", lambda each: each.update(matches="yes")),
        ("playbook-extract", lambda each: each["parameters"][0].update(origin="guessed")),
        ("playbook-merge", lambda each: each["support"].update(sample="all")),
        ("playbook-improve", lambda each: each["edits"][0].update(kept="yes")),
    ],
)
def test_what_breaks_the_contract_is_refused(
    name: str, change: Callable[[Document], object], documents: dict[str, Document]
) -> None:
    assert not validator(name).is_valid(broken(documents[name], change))


def parts(name: str, *path: str) -> Any:
    found: Any = schema(name)
    for each in path:
        found = found[each]
    return found


@pytest.mark.parametrize(
    ("vocabulary", "listed"),
    [
        (Decision, parts("diagnosis", "$defs", "decision", "enum")),
        (Basis, parts("diagnosis", "$defs", "finding", "properties", "basis", "enum")),
        (SubjectKind, parts("diagnosis", "$defs", "subject", "properties", "kind", "enum")),
        (Effect, parts("diagnosis", "$defs", "next", "properties", "effect", "enum")),
        (ProofDecision, parts("proof", "properties", "decision", "enum")),
        (CheckOutcome, parts("proof", "$defs", "check", "properties", "outcome", "enum")),
        (Outcome, parts("step-result", "properties", "outcome", "enum")),
    ],
)
def test_vocabularies_are_closed_and_the_same_as_in_the_code(vocabulary: type[StrEnum], listed: list[str]) -> None:
    assert listed == [str(each) for each in vocabulary]


def test_what_schemas_share_they_say_alike() -> None:
    seen: dict[str, Any] = {}
    for name in names():
        for key, part in schema(name).get("$defs", {}).items():
            assert seen.setdefault(key, part) == part


def test_schemas_are_files_of_the_package() -> None:
    import leakdoc.reporting.schemas as package

    folder = Path(str(package.__file__)).parent
    assert sorted(each.stem for each in folder.glob("*.json")) == list(names())
