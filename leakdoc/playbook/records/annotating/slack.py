"""A Slack export: what people said, for decisions and approvals; bots repeat what the record has better."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from leakdoc.playbook.records.event import Actor, RecordEvent, Sort
from leakdoc.playbook.records.lines import json_items
from leakdoc.playbook.records.times import seconds
from leakdoc.playbook.records.understanding import Understanding

_LINKS: Final = re.compile(r"<(?P<sign>[@#!]?)(?P<target>[^>|]*)(?:\|(?P<label>[^>]*))?>")


def read(path: Path, noted: Understanding) -> Iterator[RecordEvent]:
    """Yield a statement for each message of a person, named by its time stamp."""
    for number, item in enumerate(json_items(path, (), noted), start=1):
        if item.get("type") != "message" or item.get("bot_id") or "bot" in str(item.get("subtype")):
            noted.skip(f"not a person's message ({item.get('type')})", f"item {number}")
        elif str(item.get("text", "")).strip() and "```" not in str(item["text"]):
            yield RecordEvent(
                id=str(item.get("ts", number)),
                sort=Sort.STATEMENT,
                actor=Actor.PERSON,
                at=seconds(item.get("ts")),
                text=_plain(str(item["text"])),
            )


def _plain(text: str) -> str:
    """Return Slack's markup as plain text."""
    return html.unescape(_LINKS.sub(lambda match: match["label"] or match["sign"] + match["target"], text))
