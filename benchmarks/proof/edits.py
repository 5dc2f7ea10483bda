"""Edited proofs: ``python -m benchmarks.proof.edits`` edits 500 bundles and says how many are refused, and how."""

from __future__ import annotations

import argparse
import copy
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.proof.pairs import pairs
from leakdoc.model.exact_samples import decode, encode
from leakdoc.model.proof_document import digests_of, hash_of
from leakdoc.verification.recheck import Recheck, recheck
from leakdoc.verification.verify import verify
from leakdoc.verification.write import write_proof

Document = dict[str, Any]
Random = np.random.Generator


class Edit(NamedTuple):
    """An edited document, and the path of what was edited as a refusal should name it."""

    kind: str
    field: str
    document: Document


def edit_sample(document: Document, rng: Random) -> str:
    """One reading, by a few bits or by much."""
    side = str(rng.choice(["before", "after"]))
    columns = document["samples"][side]
    name = str(rng.choice(sorted(columns)))
    values = decode(columns[name], most=2**24)
    at = int(rng.choice(np.flatnonzero(np.isfinite(values))))  # a missing reading has no bits to change
    values[at] = np.nextafter(values[at], np.inf) if rng.random() < 0.5 else values[at] * 1.5 + 4_096.0
    columns[name] = encode(values)
    return f"samples.{side}.{name}"


def edit_parameter(document: Document, rng: Random) -> str:
    """One threshold."""
    group = str(rng.choice([name for name, value in document["parameters"].items() if isinstance(value, dict)]))
    values = document["parameters"][group]
    name = str(rng.choice([name for name, value in sorted(values.items()) if isinstance(value, int | float)]))
    values[name] = values[name] + (1 if isinstance(values[name], int) else 1e-3)
    return f"parameters.{group}"


def edit_decision(document: Document, rng: Random) -> str:
    """What it comes to, or what one check came to."""
    others = [each for each in ("normalized", "improved", "not_fixed", "worse") if each != document["decision"]]
    if rng.random() < 0.5:
        document["decision"] = str(rng.choice(others))
        return "decision"
    check = document["checks"][int(rng.integers(len(document["checks"])))]
    check["outcome"] = "failed" if check["outcome"] == "passed" else "passed"
    return f"checks.{check['name']}"


def edit_hash(document: Document, rng: Random) -> str:
    """One digit of the hash."""
    at = int(rng.integers(64))
    digit = "0" if document["sha256"][at] != "0" else "1"
    document["sha256"] = f"{document['sha256'][:at]}{digit}{document['sha256'][at + 1 :]}"
    return "sha256"


EDITS: Final[dict[str, Callable[[Document, Random], str]]] = {
    "sample": edit_sample, "parameter": edit_parameter, "decision": edit_decision, "hash": edit_hash
}  # fmt: skip


def edited(documents: list[Document], many: int, seed: int) -> Iterator[Edit]:
    """Yield documents, each with one edit, the kinds in turn."""
    rng = np.random.default_rng(seed)
    for number in range(many):
        kind = list(EDITS)[number % len(EDITS)]
        document = copy.deepcopy(documents[int(rng.integers(len(documents)))])
        yield Edit(kind, EDITS[kind](document, rng), document)


def rehashed(document: Document) -> Document:
    """Seal an edited document again, throughout."""
    document = {**document, "digests": dict(digests_of(document))}
    return {**document, "sha256": hash_of(document)}


def names(result: Recheck, field: str) -> bool:
    """Whether a refusal names what was edited."""
    return any(each.startswith(field) for each in result.differences)


def judged(edit: Edit, folder: Path, allowed: Path | None = None) -> Recheck:
    """Recheck an edited document as a file."""
    file = folder / "edited.json"
    file.write_text(json.dumps(edit.document), encoding="utf-8")
    return recheck(file, allowed_signers=allowed)


def key_in(folder: Path, name: str = "key") -> tuple[Path, Path]:
    """Make an SSH key, and a file that allows it to sign."""
    key, allowed = folder / name, folder / f"{name}-allowed"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    allowed.write_text(f"release@example.org {key.with_suffix('.pub').read_text(encoding='utf-8')}", encoding="utf-8")
    return key, allowed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        key, allowed = key_in(folder)
        documents = []
        for place, pair in enumerate(each for each in pairs(1, options.seed) if len(each.before) < 500):
            path = write_proof(verify(pair.before, pair.after), folder / f"{place}.json", sign=key)
            assert recheck(path, allowed_signers=allowed).matches
            documents.append(json.loads(path.read_text(encoding="utf-8")))
        _tell(documents, options, folder, allowed)


def _tell(documents: list[Document], options: argparse.Namespace, folder: Path, allowed: Path) -> None:
    refused, named, resealed, gate = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for edit in edited(documents, options.many, options.seed):
        result = judged(edit, folder)
        refused[edit.kind] += not result.matches
        named[edit.kind] += names(result, edit.field)
        again = edit._replace(document=rehashed(edit.document))
        resealed[edit.kind] += not judged(again, folder).matches
        gate[edit.kind] += edit.kind == "hash" or not judged(again, folder, allowed).matches
    every = Counter(list(EDITS)[number % len(EDITS)] for number in range(options.many))
    print(f"{options.many} edits of {len(documents)} proofs, seed {options.seed}")
    print(f"{'edited':10} {'refused':>12} {'field named':>12} {'rehashed too':>13} {'... signed':>12}")
    for kind, many in every.items():
        counts = (f"{counted[kind]} of {many}" for counted in (refused, named, resealed, gate))
        print("{:10} {:>12} {:>12} {:>13} {:>12}".format(kind, *counts))


if __name__ == "__main__":
    main()
