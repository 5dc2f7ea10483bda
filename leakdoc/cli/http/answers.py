"""What each path answers: functions from a query to a document, with the exit code that a command would have had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from leakdoc.cli.exit_codes import ANSWERED, COULD_NOT, code_of, proof_code
from leakdoc.cli.http.folder import Folder
from leakdoc.cli.http.workloads import Workloads
from leakdoc.errors import UsageError
from leakdoc.redact import inert
from leakdoc.units import parse_time

Query = Mapping[str, str]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A document, the exit code that the command of the same name would have had, and the status of HTTP."""

    document: Document
    exit_code: int = ANSWERED
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path: what it answers, and which parameters it takes; `hook` lets it be told by POST as well."""

    answer: Callable[[Folder, Query], Answer]
    hook: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    job: str


def _index(_: Folder, __: Query) -> Answer:
    paths = [
        {"path": path, "needs": list(each.needs), "takes": list(each.takes), "job": each.job}
        for path, each in PATHS.items()
    ]
    return Answer({"schema": "leakdoc.serve/1", "paths": paths})


def _health(folder: Folder, _: Query) -> Answer:
    return Answer({"schema": "leakdoc.serve/1", "status": "ok", "files": folder.root.is_dir()})


def _files(folder: Folder, _: Query) -> Answer:
    return Answer({"schema": "leakdoc.serve/1", "files": folder.names()})


def _diagnose(folder: Folder, query: Query) -> Answer:
    from leakdoc.detection.diagnosis import diagnose
    from leakdoc.model.documents import diagnosis_document

    found = diagnose(folder.file(query["file"]), load=query.get("load"))
    return Answer(diagnosis_document(found), code_of(found.decision))


def _verify(folder: Folder, query: Query) -> Answer:
    from leakdoc.model.proof_document import proof_document
    from leakdoc.sampling.sources.load import load_trace
    from leakdoc.verification.rollout import split
    from leakdoc.verification.verify import verify

    load = query.get("load")
    before = load_trace(folder.file(query["before"]), load_column=load)
    if "after" in query:
        sides = before, load_trace(folder.file(query["after"]), load_column=load)
    else:
        sides = split(before, _instant(query.get("rollout_at")))
    proof = verify(*sides)
    return Answer(proof_document(proof), proof_code(proof.decision))


def _instant(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise UsageError(f"no time: {inert(text)!r}", help="Write it like 2026-11-23T03:12:00Z.") from None


def _recheck(folder: Folder, query: Query) -> Answer:
    from leakdoc.verification.recheck import recheck, recheck_document

    result = recheck(folder.file(query["file"]))
    fails = result.decision is None or not result.matches
    return Answer(
        recheck_document(result), COULD_NOT if fails or result.decision is None else proof_code(result.decision)
    )


def _workload(folder: Folder, query: Query) -> Answer:
    from leakdoc.cli.http.workloads import gate_document

    proof = _workloads(folder).proof(query["workload"], _instant(query.get("rollout_at")))
    return Answer(gate_document(query["workload"], proof), proof_code(proof.decision))


def _gate(folder: Folder, query: Query) -> Answer:
    from leakdoc.cli.http.workloads import gate_document, status_of

    proof = _workloads(folder).proof(query["workload"], _instant(query.get("rollout_at")))
    document = gate_document(query["workload"], proof)
    return Answer(document, proof_code(proof.decision), status_of(proof.decision))


def _workloads(folder: Folder) -> Workloads:
    if folder.workloads is None:
        raise UsageError("no Prometheus was named", help="Start it with leakdoc serve FOLDER --prometheus URL.")
    return folder.workloads


PATHS: Final[dict[str, Route]] = {
    "/": Route(answer=_index, job="what there is"),
    "/health": Route(answer=_health, job="whether it serves"),
    "/files": Route(answer=_files, job="the files of the folder"),
    "/diagnose": Route(answer=_diagnose, needs=("file",), takes=("load",), job="the verdict on one file"),
    "/verify": Route(
        answer=_verify, needs=("before",), takes=("after", "rollout_at", "load"), job="before against after a rollout"
    ),
    "/workload": Route(
        answer=_workload, needs=("workload",), takes=("rollout_at",), job="a workload's last rollout, whatever it shows"
    ),
    "/workload/gate": Route(
        answer=_gate, hook=True, needs=("workload",), takes=("rollout_at",), job="the same; 409 unless it is normalized"
    ),
    "/recheck": Route(answer=_recheck, needs=("file",), job="whether a proof follows from its samples"),
}


def checked(path: Route, query: Query) -> None:
    """Raise UsageError for parameters that are missing or unknown."""
    missing = [each for each in path.needs if not query.get(each)]
    unknown = [each for each in query if each not in (*path.needs, *path.takes)]
    if missing or unknown:
        told = f"missing: {missing[0]}" if missing else f"not known: {inert(unknown[0])}"
        takes = ", ".join((*path.needs, *path.takes)) or "none"
        raise UsageError(f"a parameter is {told}", help=f"This path takes: {takes}.")
