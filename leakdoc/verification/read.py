"""A proof from a file that a stranger may have written: sizes are capped, and nothing in it is believed yet."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final, NoReturn

from leakdoc.errors import DamagedSource, UnreadableSource
from leakdoc.model.documents import Document
from leakdoc.model.proof_document import PROOF
from leakdoc.redact import inert
from leakdoc.sampling.foreign_file import check_file, why

LARGEST_BYTES: Final = 512 * 2**20
_PARTS: Final[dict[str, type]] = {
    "schema": str, "decision": str, "reason": str, "checks": list, "before": dict, "after": dict, "parameters": dict,
    "samples": dict, "sha256": str,
}  # fmt: skip


def read_proof(path: str | os.PathLike[str]) -> Document:
    """Return the document of a proof; its shape is checked, its hash and its decision are not (see `recheck`).

    Raises:
        UnreadableSource: there is no such file, or it is too large.
        DamagedSource: it is no proof.
    """
    file = Path(path)
    check_file(file)
    name = inert(file.name)
    try:
        if file.stat().st_size > LARGEST_BYTES:
            raise UnreadableSource(f"{name} is larger than {LARGEST_BYTES // 2**20} MiB: too large for a proof")
        content = file.read_bytes()
    except OSError as error:
        raise UnreadableSource(f"{name} cannot be read: {why(error)}") from error
    try:
        document = json.loads(content, object_pairs_hook=_without_duplicates, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _damaged(name, f"it is not the JSON of a proof ({inert(str(error))})") from error
    return _shaped(name, document)


def _shaped(name: str, document: Any) -> Document:
    if not isinstance(document, dict) or document.get("schema") != PROOF:
        raise _damaged(name, f"its schema is not {PROOF}")
    for part, kind in _PARTS.items():
        if not isinstance(document.get(part), kind):
            raise _damaged(name, f"its part {part!r} is missing or of another kind")
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _damaged(name: str, reason: str) -> DamagedSource:
    return DamagedSource(
        f"{name} is no proof: {reason}", help="A file that `leakdoc verify --proof FILE` wrote is expected."
    )
