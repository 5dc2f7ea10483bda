"""A playbook as an agent skill: a folder of its name with SKILL.md, the playbook, and a script that calls leakdoc."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from leakdoc.errors import UsageError
from leakdoc.playbook.records.exporting.devin import numbered
from leakdoc.playbook.records.exporting.wording import Export

LONGEST_NAME: Final = 64
LONGEST_DESCRIPTION: Final = 1024
MOST_LINES: Final = 500
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def skill_files(export: Export, playbook_text: str) -> Mapping[str, str]:
    """Return the files of the skill, by their path inside its folder.

    Raises:
        UsageError: the name or the description does not fit a skill, or the text is too long.
    """
    name, description = export.playbook.metadata.name, export.description
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise UsageError(
            f"not a name for a skill: {name!r} ({len(name)} characters)",
            help=f"1 to {LONGEST_NAME} of a-z, 0-9 and single hyphens inside; change metadata.name.",
        )
    if not 1 <= len(description) <= LONGEST_DESCRIPTION:
        raise UsageError(
            f"the description has {len(description)} characters",
            help=f"A skill's has 1 to {LONGEST_DESCRIPTION}; change metadata.description.",
        )
    text = "\n".join(_lines(export)) + "\n"
    if text.count("\n") >= MOST_LINES:
        raise UsageError(
            f"the skill would have {text.count(chr(10))} lines",
            help=f"It has fewer than {MOST_LINES}; export without --confirmed.",
        )
    return {
        "SKILL.md": text,
        "playbook.yaml": playbook_text,
        "scripts/check.sh": _script("check"),
        "scripts/run.sh": _script("run"),
    }


def _script(action: str) -> str:
    call = f'exec leakdoc playbook {shlex.quote(action)} "$(dirname "$0")/../playbook.yaml" "$@"'
    return f"#!/bin/sh\nset -eu\n{call}\n"


def _when(export: Export) -> str:
    """Return the description, with when to use the skill where it has room for that and does not say so."""
    told = export.description
    when = f"Use it when {export.subject} is suspected."
    longer = f"{told.rstrip('. ')}. {when}"
    return told if re.search(r"(?i)\b(use|when)\b", told) or len(longer) > LONGEST_DESCRIPTION else longer


def _lines(export: Export) -> Iterator[str]:
    metadata = export.playbook.metadata
    yield from ("---", f"name: {metadata.name}", f"description: {json.dumps(_when(export), ensure_ascii=False)}", "---")
    yield from ("", f"# {metadata.name}", "", f"Use this when {export.subject} is suspected.", "")
    given = "".join(f" -p {name}=…" for name, spec in export.playbook.params.items() if spec.required)
    yield f"Run `scripts/check.sh`, then `scripts/run.sh{given}` with `--dry-run`, then without; both call leakdoc."
    yield from ("", "## Steps", "", *numbered(export.procedure()))
    for title, lines in (
        ("Holds afterwards", export.specifications()), ("Advice", export.advice()), ("Never", export.forbidden()),
    ):  # fmt: skip
        yield from ("", f"## {title}", "", *(f"- {line}" for line in lines))
    yield from ("", "## Needed", "", *export.required())
