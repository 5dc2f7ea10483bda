"""The document of any value that has one."""

from __future__ import annotations

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.documents import Document, diagnosis_document, scan_document, step_result_document
from leakdoc.model.heap import HeapReport
from leakdoc.model.heap_document import heap_document
from leakdoc.model.proof import Proof
from leakdoc.model.proof_document import proof_document
from leakdoc.model.scan import Scan
from leakdoc.model.step import StepResult


def to_document(value: Diagnosis | HeapReport | Proof | Scan | StepResult) -> Document:
    """Lay a value out as the JSON document that the command line prints for it.

    Returns:
        A dictionary whose ``schema`` names its layout; `leakdoc schema` prints each.
    """
    if isinstance(value, Diagnosis):
        return diagnosis_document(value)
    if isinstance(value, HeapReport):
        return heap_document(value)
    if isinstance(value, Scan):
        return scan_document(value)
    if isinstance(value, StepResult):
        return step_result_document(value)
    return proof_document(value)
