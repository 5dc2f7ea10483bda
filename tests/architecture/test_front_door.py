"""What `import leakdoc` offers, pinned; and that each name is there, typed and documented."""

from __future__ import annotations

import ast
from pathlib import Path

import leakdoc

STUB = Path(leakdoc.__file__).with_suffix(".pyi")

EXPORTED = [
    "Diagnosis",
    "Finding",
    "GrowthPolicy",
    "Guarded",
    "HeapReport",
    "Journal",
    "LeakdocError",
    "Policies",
    "Progress",
    "Proof",
    "Scan",
    "Trace",
    "VerificationPolicy",
    "Watch",
    "Watched",
    "__version__",
    "connections",
    "diagnose",
    "guard_target",
    "heap",
    "load_trace",
    "plot",
    "read_csv",
    "recheck",
    "regression_test_text",
    "scan",
    "steps",
    "to_document",
    "to_frame",
    "to_html",
    "to_markdown",
    "verify",
    "verify_recovered",
    "watch",
    "write_proof",
]


def test_exactly_these_names_are_exported() -> None:
    assert sorted(leakdoc.__all__) == EXPORTED


def test_every_name_can_be_had_and_says_what_it_is() -> None:
    for name in EXPORTED:
        value = getattr(leakdoc, name)
        assert name == "__version__" or value.__doc__, f"leakdoc.{name} has no docstring"


def test_the_stub_names_the_same() -> None:
    tree = ast.parse(STUB.read_text())
    named = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert sorted(named) == EXPORTED


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(leakdoc, "diagnoze")


def test_dir_lists_what_is_offered() -> None:
    assert leakdoc.diagnose
    assert set(EXPORTED) <= set(dir(leakdoc))
    assert len(dir(leakdoc)) == len(set(dir(leakdoc)))
