"""A summary as Slack's Block Kit. Foreign words are plain text, in which Slack looks for no mention and no link."""

from __future__ import annotations

from typing import Any, Final

from leakdoc.playbook.posting.summary import Summary

EVENT: Final = "leakdoc_summary"
_TITLE: Final = 150  # Slack's limits, in characters
_FIELD: Final = 2000


def blocks_of(summary: Summary) -> list[dict[str, Any]]:
    """Return the blocks of one message."""
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _plain(summary.title, _TITLE)}]
    for label, text in summary.lines:
        label_text = {"type": "mrkdwn", "text": f"*{label}*"}
        blocks.append({"type": "section", "fields": [label_text, _plain(text or "-", _FIELD)]})
    if summary.picture:
        element = {"type": "text", "text": summary.picture}
        blocks.append({"type": "rich_text", "elements": [{"type": "rich_text_preformatted", "elements": [element]}]})
    return blocks


def fallback_of(summary: Summary) -> str:
    """Return the text for notifications, with the characters that Slack reads as markup escaped."""
    return summary.title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def metadata_of(summary: Summary) -> dict[str, Any]:
    """Return the metadata by which this very message is found again."""
    return {"event_type": EVENT, "event_payload": {"run": summary.run}}


def _plain(text: str, longest: int) -> dict[str, Any]:
    kept = text if len(text) <= longest else text[: longest - 1] + "…"
    return {"type": "plain_text", "text": kept, "emoji": False}
