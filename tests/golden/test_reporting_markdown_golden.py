"""The Markdown of a proof, to the letter; LEAKDOC_WRITE_GOLDEN=1 writes it anew after a wanted change."""

from __future__ import annotations

import os
from pathlib import Path

from leakdoc.reporting.markdown import to_markdown
from tests import reporting_values as values

GOLDEN = Path(__file__).with_name("reporting_proof.md")


def test_the_markdown_of_a_proof() -> None:
    text = to_markdown(values.proof())
    if os.environ.get("LEAKDOC_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
