"""What each path answers: functions from a query to a document, with the exit code that a command would have had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from leakdoc.cli.exit_codes import ANSWERED, COULD_NOT, code_of, proof_code
from leakdoc.cli.http.folder import Folder
from leakdoc.cli.http.workloads import Gate, Workloads
from leakdoc.errors import SourceError, UsageError
from leakdoc.redact import inert, without_secrets
from leakdoc.units import parse_time

BAD_GATEWAY: Final = 502  # the Prometheus behind does not answer

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
    """One path: what it answers, and which parameters it takes.

    `hook` lets it be told by POST as well; `light` answers at once, however many verdicts are being reached.
    """

    answer: Callable[[Folder, Query], Answer]
    hook: bool = False
    light: bool = False
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
    found = _asked(folder, query)
    return found if isinstance(found, Answer) else Answer(found.document, proof_code(found.decision))


def _gate(folder: Folder, query: Query) -> Answer:
    from leakdoc.cli.http.workloads import status_of

    found = _asked(folder, query, primary=True)
    if isinstance(found, Answer):
        return found
    return Answer(found.document, proof_code(found.decision), status_of(found.decision))


def _asked(folder: Folder, query: Query, *, primary: bool = False) -> Gate | Answer:
    """Ask for a workload; a Prometheus that does not answer is no missing file, and no verdict."""
    from leakdoc.cli.http.workloads import Asked

    asked = Asked(query["workload"], _instant(query.get("rollout_at")), query.get("stable") or None, primary)
    workloads = _workloads(folder)
    try:
        return workloads.gate(asked)
    except SourceError as error:
        return error_answer(error.message, error.help, status=BAD_GATEWAY)


def _workloads(folder: Folder) -> Workloads:
    if folder.workloads is None:
        raise UsageError("no Prometheus was named", help="Start it with leakdoc serve FOLDER --prometheus URL.")
    return folder.workloads


def error_answer(message: str, help: str | None = None, *, exit_code: int = COULD_NOT, status: int = 500) -> Answer:
    """Say what went wrong, without secrets and on one line."""
    plain = without_secrets(inert(message, longest=1_000))
    return Answer(
        {"schema": "leakdoc.error/1", "error": plain, "help": help, "exit_code": exit_code}, exit_code, status
    )


PATHS: Final[dict[str, Route]] = {
    "/": Route(answer=_index, light=True, job="what there is"),
    "/health": Route(answer=_health, light=True, job="whether it serves"),
    "/files": Route(answer=_files, job="the files of the folder"),
    "/diagnose": Route(answer=_diagnose, needs=("file",), takes=("load",), job="the verdict on one file"),
    "/verify": Route(
        answer=_verify, needs=("before",), takes=("after", "rollout_at", "load"), job="before against after a rollout"
    ),
    "/workload": Route(
        answer=_workload,
        needs=("workload",),
        takes=("rollout_at", "stable"),
        job="a workload's last rollout, whatever it shows",
    ),
    "/workload/gate": Route(
        answer=_gate,
        hook=True,
        needs=("workload",),
        takes=("rollout_at", "stable"),
        job="the same; 409 unless it is normalized",
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
