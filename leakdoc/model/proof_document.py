"""A proof as ``leakdoc.proof/1``: the decision with everything that it takes to recompute it, sealed by a hash.

The hash is SHA-256 over the canonical JSON (RFC 8785) of the document without the hash and its signature. Each part
has a digest of its own beside it, so that of an edited file it can be said which part was edited.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from leakdoc.model.diagnosis import Window
from leakdoc.model.documents import (
    Document,
    ending_document,
    finding_document,
    number,
    plain,
    subject_document,
    window_document,
)
from leakdoc.model.exact_samples import encode
from leakdoc.model.proof import Check, Proof, Side
from leakdoc.model.trace import Facts, Life, Trace

PROOF: Final = "leakdoc.proof/1"
TIME: Final = "time"
SEALS: Final = ("sha256", "signature")  # what the hash does not cover
_SPLIT: Final = ("before", "after", "parameters")


def proof_document(proof: Proof) -> Document:
    """Lay a proof out, samples and hash included."""
    document = {
        "schema": PROOF,
        "decision": str(proof.decision),
        "reason": proof.reason,
        "needs_more_s": number(proof.needs_more_s),
        "checks": [_check(check) for check in proof.checks],
        "before": _side(proof.before),
        "after": _side(proof.after),
        "parameters": plain(proof.parameters),
        "samples": {"before": _samples(proof.before.trace), "after": _samples(proof.after.trace)},
    }
    document["digests"] = dict(digests_of(document))
    return document | {"sha256": hash_of(document)}


def digests_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each part of a document by its path, with its digest: ``samples.before.rss_bytes``, ``checks.level``.

    Raises:
        ValueError: a part has no canonical form.
    """
    for path, part in _parts(document):
        yield path, hash_of({"part": part})


def _parts(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if key in (*SEALS, "digests"):
            continue
        if key in _SPLIT and isinstance(value, Mapping):
            yield from ((f"{key}.{name}", part) for name, part in value.items())
        elif key == "samples" and isinstance(value, Mapping):
            for side, columns in value.items():
                named = columns.items() if isinstance(columns, Mapping) else [("", columns)]
                yield from ((f"{key}.{side}.{name}", part) for name, part in named)
        elif key == "checks" and isinstance(value, list):
            yield key, [each.get("name") if isinstance(each, Mapping) else None for each in value]
            yield from ((f"{key}.{each.get('name')}", each) for each in value if isinstance(each, Mapping))
        else:
            yield key, value


def hash_of(document: Mapping[str, Any]) -> str:
    """Return the hash of a document, in hexadecimal; a hash or signature that it has already is left out.

    Raises:
        ValueError: the document has no canonical form (a number that JSON cannot hold).
    """
    import rfc8785

    unsealed = {key: value for key, value in document.items() if key not in SEALS}
    return hashlib.sha256(rfc8785.dumps(unsealed)).hexdigest()


def _check(check: Check) -> Document:
    return {
        "name": check.name,
        "outcome": str(check.outcome),
        "reason": check.reason,
        "numbers": plain(check.numbers),
    }


def _side(side: Side) -> Document:
    trace = side.trace
    start, end = (float(np.min(trace.times)), float(np.max(trace.times))) if len(trace) else (None, None)
    return {
        "subject": subject_document(trace.subject),
        "decision": str(side.decision),
        "findings": [finding_document(finding) for finding in side.findings],
        "window": window_document(Window(start=start, end=end, samples=len(trace))),
        "lives": [_life(life) for life in trace.lives],
        "facts": _facts(trace.facts),
    }


def _life(life: Life) -> Document:
    """Lay a life out; its start is in exact seconds since the epoch, as the verdict rests on it."""
    return {
        "first": life.first,
        "stop": life.stop,
        "pid": life.pid,
        "started_at_s": number(life.started_at),
        "version": life.version,
        **({} if life.limit_bytes is None else {"limit_bytes": number(life.limit_bytes)}),
    }


def _facts(facts: Facts) -> Document:
    return {
        "limit_bytes": number(facts.limit_bytes),
        "open_files_limit": number(facts.open_files_limit),
        "unavailable": [{"metric": name, "reason": str(why)} for name, why in sorted(facts.unavailable.items())],
        "blind_spots": list(facts.blind_spots),
        "notes": list(facts.notes),
        "ending": None if facts.ending is None else ending_document(facts.ending),
        "touched": facts.touched,
        "sorted_rows": facts.sorted_rows,
        "dropped_duplicates": facts.dropped_duplicates,
    }


def _samples(trace: Trace) -> Document:
    """Every column by its text, as Prometheus writes a series, and the times in seconds since the epoch."""
    columns = {column.text: encode(values) for column, values in sorted(trace.columns.items())}
    return {TIME: encode(trace.times)} | columns
