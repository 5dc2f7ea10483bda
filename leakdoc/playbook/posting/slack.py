"""Slack through slack-sdk: one attempt to post, and what is known of it afterwards."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.error import HTTPError, URLError

from leakdoc.errors import MissingDependency
from leakdoc.playbook.posting.blocks import EVENT, blocks_of, fallback_of, metadata_of
from leakdoc.playbook.posting.summary import Summary
from leakdoc.redact import inert

if TYPE_CHECKING:
    from slack_sdk import WebClient

API: Final = "https://slack.com/api/"
TIMEOUT_S: Final = 15
_LOOKED_AT: Final = 200  # messages of a channel's recent history
_MAY_HAVE_WORKED: Final = ("fatal_error", "internal_error", "request_timeout", "service_unavailable")
_WORD: Final = re.compile(r"[a-z][a-z0-9_]*")  # how Slack names an error; anything else is no answer of Slack's
_DEFAULT_WAIT_S: Final = 5.0


class Fate(StrEnum):
    """What became of an attempt."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to post.

    Args:
        permalink: of the message; null where there is none to know.
        wait_s: how long Slack asks to wait; null where trying again is of no use.
    """

    fate: Fate
    reason: str
    permalink: str | None = None
    wait_s: float | None = None


class Bot:
    """Posts with a bot's token, and can look whether a message is there."""

    def __init__(self, token: str, channel: str, api: str = API) -> None:
        self._client = _client(token, api)
        self._channel = channel

    def post(self, summary: Summary) -> Attempt:
        """Post once; slack-sdk's own retries are off, since they would post twice."""
        try:
            answer = self._client.chat_postMessage(
                channel=self._channel,
                text=fallback_of(summary),
                blocks=blocks_of(summary),
                metadata=metadata_of(summary),
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
            channel, ts = str(answer.get("channel") or self._channel), str(answer.get("ts"))
        except Exception as error:  # whatever went wrong, the post was asked for: its fate has to be told
            return _attempt_of(error)
        return Attempt(fate=Fate.SENT, reason=f"posted to {self._channel}", permalink=self._permalink(channel, ts))

    def find(self, summary: Summary) -> Attempt:
        """Look for this run's message in the channel's history."""
        try:
            channel = self._channel_id()
            history = self._client.conversations_history(channel=channel, limit=_LOOKED_AT, include_all_metadata=True)
            ts = _ours_among(history.get("messages") or [], summary.run)
        except Exception as error:  # what cannot be read has not said that there is no post
            told = _attempt_of(error)
            return Attempt(fate=Fate.DOUBTFUL, reason=f"its history cannot be read: {told.reason}", wait_s=told.wait_s)
        if ts is None:
            return Attempt(fate=Fate.NOT_SENT, reason=f"not found in {self._channel}", wait_s=0.0)
        return Attempt(fate=Fate.SENT, reason=f"found in {self._channel}", permalink=self._permalink(channel, ts))

    def _channel_id(self) -> str:
        """The id that the history is asked for by: a channel's name is looked up."""
        if not self._channel.startswith("#"):
            return self._channel
        wanted, cursor = self._channel[1:], ""
        while True:
            page = self._client.conversations_list(
                limit=1000, cursor=cursor, types="public_channel,private_channel", exclude_archived=True
            )
            found = next((each["id"] for each in page.get("channels") or [] if each.get("name") == wanted), None)
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if found is not None or not cursor:
                return str(found or self._channel)

    def _permalink(self, channel: str, ts: str) -> str | None:
        try:
            found = self._client.chat_getPermalink(channel=channel, message_ts=ts).get("permalink")
        except Exception:  # the message stands; a link to it is a convenience
            return None
        return str(found) if found else None


class Webhook:
    """Posts to an incoming webhook, which can tell of nothing that was posted."""

    def __init__(self, url: str) -> None:
        from slack_sdk.webhook import WebhookClient

        self._client = WebhookClient(url, timeout=TIMEOUT_S, retry_handlers=[])

    def post(self, summary: Summary) -> Attempt:
        """Post once."""
        try:
            answer = self._client.send(text=fallback_of(summary), blocks=blocks_of(summary))
        except Exception as error:  # as a bot's: it may have arrived
            return _attempt_of(error)
        if answer.status_code == 200 and answer.body.strip() in ("ok", ""):
            return Attempt(fate=Fate.SENT, reason="posted to the webhook")
        return _of_status(answer.status_code, inert(answer.body), answer.headers)

    def find(self, summary: Summary) -> Attempt:
        """Say that nobody can know."""
        del summary
        return Attempt(fate=Fate.DOUBTFUL, reason="a webhook cannot tell whether a message has arrived")


def _ours_among(messages: Iterable[Mapping[str, Any]], run: str) -> str | None:
    """Return the time stamp of a run's message."""
    for message in messages:
        metadata: Any = message.get("metadata") or {}
        payload = metadata.get("event_payload") or {}
        if metadata.get("event_type") == EVENT and payload.get("run") == run:
            return str(message.get("ts"))
    return None


def _client(token: str, api: str) -> WebClient:
    try:
        from slack_sdk import WebClient
    except ImportError:
        raise MissingDependency("slack-sdk is not installed", help="pip install slack-sdk") from None
    return WebClient(token=token, base_url=api, timeout=TIMEOUT_S, retry_handlers=[])


def _attempt_of(error: Exception) -> Attempt:
    """Tell what an exception says of the message: an answer of Slack's, a connection never made, or neither."""
    from slack_sdk.errors import SlackApiError

    if isinstance(error, SlackApiError):
        said: Any = error.response
        status = int(getattr(said, "status_code", 0) or 0)
        answer = getattr(said, "data", said)
        word = inert(str(answer.get("error") if isinstance(answer, Mapping) else answer), longest=300)
        if status not in (0, 200):
            return _of_status(status, word, getattr(said, "headers", {}) or {})
        is_an_answer = _WORD.fullmatch(word) is not None and word not in _MAY_HAVE_WORKED
        fate = Fate.NOT_SENT if is_an_answer else Fate.DOUBTFUL
        wait_s = _DEFAULT_WAIT_S if word in ("ratelimited", "rate_limited", *_MAY_HAVE_WORKED) else None
        return Attempt(fate=fate, reason=f"Slack said {word}", wait_s=wait_s)
    if isinstance(error, HTTPError):
        return _of_status(error.code, inert(str(error.reason)), dict(error.headers or {}))
    if isinstance(error, URLError) and isinstance(error.reason, OSError) and not isinstance(error.reason, TimeoutError):
        refused = isinstance(error.reason, ConnectionRefusedError) or error.reason.errno in (-2, -3, 101, 113)
        fate = Fate.NOT_SENT if refused else Fate.DOUBTFUL
        why = inert(error.reason.strerror or str(error.reason))
        return Attempt(fate=fate, reason=f"Slack cannot be reached: {why}", wait_s=_DEFAULT_WAIT_S)
    known = (OSError, http.client.HTTPException, json.JSONDecodeError, URLError)
    name = type(error).__name__
    reason = f"the reply was lost: {name}: {inert(str(error))}" if isinstance(error, known) else f"{name}: {error}"
    return Attempt(fate=Fate.DOUBTFUL, reason=inert(reason, longest=300), wait_s=_DEFAULT_WAIT_S)


def _of_status(status: int, word: str, headers: Mapping[str, Any]) -> Attempt:
    waits = {key.lower(): value for key, value in headers.items()}.get("retry-after")
    wait_s = float(waits) if isinstance(waits, str) and waits.isdigit() else _DEFAULT_WAIT_S
    if status == 429:
        return Attempt(fate=Fate.NOT_SENT, reason="Slack limits the rate", wait_s=wait_s)
    if status >= 500 or status == 200:
        return Attempt(fate=Fate.DOUBTFUL, reason=f"Slack answered {status} {word}", wait_s=wait_s)
    return Attempt(fate=Fate.NOT_SENT, reason=f"Slack answered {status} {word}")
