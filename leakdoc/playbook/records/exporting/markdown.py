"""A playbook as a page for people."""

from __future__ import annotations

from collections.abc import Iterator

from leakdoc.playbook.records.exporting.wording import Export, plain


def page(export: Export) -> str:
    """Return the Markdown of a page: what it is for, what it takes, its steps, and where they came from."""
    return "\n".join(_lines(export)) + "\n"


def _lines(export: Export) -> Iterator[str]:
    playbook = export.playbook
    yield f"# {playbook.metadata.name} {playbook.metadata.version}"
    yield from ("", export.description, "", "## What it needs", "")
    yield from export.required()
    yield from ("", "## Steps", "", "| step | uses | what it does | support |", "|---|---|---|---|")
    imperatives = [line for line in export.procedure() if line and not line.startswith(" ")]
    for spec, line in zip(playbook.steps, imperatives, strict=True):
        provenance = playbook.provenance.steps.get(spec.id)
        support = provenance.support if provenance else ""
        yield f"| {spec.id} | {spec.uses} | {line.partition(' (step ')[0]} | {support} |"
    yield from ("", "## Holds afterwards", "", *(f"- {line}" for line in export.specifications()))
    yield from ("", "## Advice", "", *(f"- {line}" for line in export.advice()))
    yield from ("", "## Never", "", *(f"- {line}" for line in export.forbidden()))
    if playbook.provenance.records:
        yield from ("", "## Grown out of", "", *(f"- {plain(name)}" for name in playbook.provenance.records))
