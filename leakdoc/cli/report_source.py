"""What `leakdoc report` is given: samples, which are judged on the spot, or a document that leakdoc wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from leakdoc.errors import DamagedSource, UnreadableSource
from leakdoc.redact import inert

if TYPE_CHECKING:
    from leakdoc.detection.policies import Policies
    from leakdoc.model.diagnosis import Diagnosis
    from leakdoc.model.incident import Incident
    from leakdoc.model.proof import Proof
    from leakdoc.model.trace import Trace

_JOURNALS_FIRST: Final = b'{"v":1,"seq":0,'
_LONGEST_LINE: Final = 1024
LARGEST_DOCUMENT: Final = 512 * 2**20  # bytes, as large as a proof may be


def judgement_of(
    file: Path, *, policies: Policies | None, load: str | None, limit_bytes: float | None
) -> tuple[Diagnosis | Proof, Trace | None]:
    """Return the judgement that a file holds, or that its samples lead to, with the samples where there are any.

    Raises:
        SourceError: the file cannot be read, is damaged, or is a proof that does not follow from its samples.
    """
    from leakdoc.sampling.foreign_file import check_file

    check_file(file)
    if _is_json(file):
        return _document(file), None
    from leakdoc.detection.diagnosis import diagnose
    from leakdoc.sampling.sources.load import load_trace

    trace = load_trace(file, load_column=load, limit_bytes=limit_bytes)
    return diagnose(trace, policies=policies), trace


def incident_in(file: Path) -> Incident | None:
    """Return the incident that a journal tells; null where the file is no journal.

    Raises:
        SourceError: it is a journal that was changed, or cannot be read.
    """
    from leakdoc.sampling.foreign_file import check_file

    check_file(file)
    if not _is_json(file):
        return None
    with file.open("rb") as opened:
        first = opened.readline(_LONGEST_LINE)
    if not first.startswith(_JOURNALS_FIRST):
        return None
    from leakdoc.playbook.incidents import incident_of
    from leakdoc.playbook.journal.reading import read_journal

    return incident_of(read_journal(file).events)


def _is_json(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _document(file: Path) -> Diagnosis | Proof:
    from leakdoc.model.documents import DIAGNOSIS
    from leakdoc.model.proof_document import PROOF
    from leakdoc.reporting.diagnosis_reading import diagnosis_from

    document = _read_json(file)
    schema = document.get("schema")
    if schema == PROOF:
        return _proof(file)
    if schema == DIAGNOSIS:
        return diagnosis_from(document)
    raise UnreadableSource(
        f"{inert(file.name)} is JSON, but neither a diagnosis nor a proof",
        help="`leakdoc diagnose --json` writes a diagnosis, `leakdoc verify --proof FILE` a proof.",
    )


def _read_json(file: Path) -> dict[str, Any]:
    if file.stat().st_size > LARGEST_DOCUMENT:
        raise UnreadableSource(f"{inert(file.name)} is larger than {LARGEST_DOCUMENT // 2**20} MiB")
    try:
        document = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DamagedSource(f"{inert(file.name)} begins as JSON, but is not ({inert(str(error))})") from error
    return document if isinstance(document, dict) else {}


def _proof(file: Path) -> Proof:
    """Return the proof as its own samples lead to it: what the file says is shown only when it is the same."""
    from leakdoc.verification.recheck import recheck

    result = recheck(file)
    if result.proof is None or not result.matches:
        raise DamagedSource(
            f"{inert(file.name)} does not follow from the samples inside it: {inert(result.differences[0])}",
            help=f"`leakdoc recheck {inert(file.name)}` lists what differs.",
        )
    return result.proof
