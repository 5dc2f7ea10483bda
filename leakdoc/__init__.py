"""From a production leak to a proof that the fix normalized memory.

Each public name is loaded when it is first used; importing leakdoc loads the standard library only. The names and
their types stand in ``__init__.pyi``.
"""

_PUBLIC = {
    "Diagnosis": "leakdoc.model.diagnosis",
    "Finding": "leakdoc.model.finding",
    "GrowthPolicy": "leakdoc.detection.stats.policy",
    "Journal": "leakdoc.playbook.journal.session",
    "Guarded": "leakdoc.verification.guarding",
    "LeakdocError": "leakdoc.errors",
    "Policies": "leakdoc.detection.policies",
    "Progress": "leakdoc.detection.watched",
    "Proof": "leakdoc.model.proof",
    "Scan": "leakdoc.model.scan",
    "Trace": "leakdoc.model.trace",
    "VerificationPolicy": "leakdoc.verification.policy",
    "Watch": "leakdoc.detection.watch",
    "Watched": "leakdoc.detection.watched",
    "__version__": "leakdoc._version",
    "connections": "leakdoc.detection.connections",
    "diagnose": "leakdoc.detection.diagnosis",
    "guard_target": "leakdoc.verification.guard_target",
    "HeapReport": "leakdoc.model.heap",
    "heap": "leakdoc.attribution.heap",
    "regression_test_text": "leakdoc.attribution.regression_test",
    "load_trace": "leakdoc.sampling.sources.load",
    "plot": "leakdoc.reporting.picture",
    "read_csv": "leakdoc.sampling.sources.csv",
    "recheck": "leakdoc.verification.recheck",
    "scan": "leakdoc.detection.scan",
    "steps": "leakdoc.playbook.registry",
    "to_document": "leakdoc.model.document_of",
    "to_frame": "leakdoc.sampling.sources.frame",
    "to_html": "leakdoc.reporting.html",
    "to_markdown": "leakdoc.reporting.markdown",
    "verify": "leakdoc.verification.verify",
    "verify_recovered": "leakdoc.verification.recovery.verify",
    "watch": "leakdoc.detection.watching",
    "write_proof": "leakdoc.verification.write",
}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> object:
    from importlib import import_module

    module = _PUBLIC.get(name)
    if module is None:
        raise AttributeError(f"module 'leakdoc' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
