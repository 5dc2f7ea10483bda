"""A run as lines: what runs now and why, how far it is, how each step ended, and what is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from leakdoc.errors import LeakdocError
from leakdoc.model.journal import Event, EventType
from leakdoc.playbook.model import Playbook
from leakdoc.playbook.registry import Registry
from leakdoc.redact import inert, without_secrets
from leakdoc.units import format_duration

_LONGEST: Final = 300
_WHOLE: Final = 20_000


class Display:
    """Tells a person of events as they come."""

    def __init__(self, playbook: Playbook, registry: Registry, say: Callable[[str], None]) -> None:
        self._playbook = playbook
        self._registry = registry
        self._say = say
        self._begun: dict[str, float] = {}

    def saw(self, event: Event) -> None:
        """Tell of one event, where there is something to tell."""
        teller = _TELLERS.get(event.type)
        if teller is not None:
            self._say(plain(teller(self, event)))

    def progress(self, text: str) -> None:
        """Tell how far the present step is."""
        self._say(f"    {plain(text)}")

    def _intent(self, event: Event) -> str:
        step = str(event.step)
        self._begun[step] = event.at
        ids = [each.id for each in self._playbook.steps]
        place = f"{ids.index(step) + 1}/{len(ids)} " if step in ids else ""
        again = f", attempt {event.attempt}" if (event.attempt or 1) > 1 else ""
        return f"{place}{step}{again}: {self._why(str((event.inputs or {}).get('uses')))}"

    def _why(self, uses: str) -> str:
        try:
            return f"{uses}. {self._registry.get(uses).summary}"
        except LeakdocError:
            return uses

    def _result(self, event: Event) -> str:
        begun = self._begun.get(str(event.step))
        took = "" if begun is None else f" in {format_duration(max(0.0, event.at - begun))}"
        return f"    {str(event.outcome).upper()}{took}: {event.reason}"

    def _skipped_or_result(self, event: Event) -> str:
        if event.outcome == "skipped":
            return f"{event.step}: SKIPPED: {event.reason}"
        return self._result(event)

    def _rollback(self, event: Event) -> str:
        return f"Rolling back {event.step}: {event.reason}"

    def _choice(self, event: Event) -> str:
        return f"{event.step or ''} {event.choice}: {event.reason}".strip()

    def _requested(self, event: Event) -> str:
        return f"{event.step}: an approval by {(event.inputs or {}).get('role')} is asked for"

    def _granted(self, event: Event) -> str:
        return f"{event.step}: approved by {event.actor}"

    def _denied(self, event: Event) -> str:
        return f"{event.step}: denied by {event.actor}"

    def _unknown(self, event: Event) -> str:
        return f"{event.step}: UNKNOWN: {event.reason}"


_TELLERS: Final[dict[EventType, Callable[[Display, Event], str]]] = {
    EventType.STEP_INTENT: Display._intent,
    EventType.STEP_RESULT: Display._skipped_or_result,
    EventType.STEP_UNKNOWN: Display._unknown,
    EventType.CHOICE: Display._choice,
    EventType.APPROVAL_REQUESTED: Display._requested,
    EventType.APPROVAL_GRANTED: Display._granted,
    EventType.APPROVAL_DENIED: Display._denied,
    EventType.ROLLBACK_INTENT: Display._rollback,
    EventType.ROLLBACK_RESULT: Display._result,
}


def approval_lines(subject: Mapping[str, Any], digest: str) -> Iterator[str]:
    """Yield what a person is to approve."""
    yield f"{subject['step']} ({subject['uses']}) waits for {subject['role']}:"
    for name, value in subject["with"].items():
        yield f"    {plain(name)}: {_whole(value)}"
    if subject["shell"]:
        yield "    shell: it is a script for /bin/sh"
    if subject["back_to"] is not None:
        yield f"    goes back to: {_whole(subject['back_to'])}"
    for path, value in subject["binds"].items():
        yield from (f"    {plain(path)}: {each}" for each in _bound(value))
    yield f"    digest {digest}"


def _whole(value: Any) -> str:
    """Nothing of what is approved is left out: what stands at a long command's end matters as much as its beginning."""
    return without_secrets(inert(str(value), longest=_WHOLE))


def _bound(value: Any) -> Iterator[str]:
    """Yield evidence, an item a line: files with what became of them since."""
    items = value if isinstance(value, list) and all(isinstance(each, dict) for each in value) else None
    if not items:
        yield _whole(value)
        return
    for each in items:
        if "sha256" not in each or "path" not in each:
            yield plain(f"{each['name']}: {each['value']}" if {"name", "value"} <= set(each) else str(each))
            continue
        now = each.get("now")
        is_now = "as it was" if now == each["sha256"] else "gone by now" if now is None else "CHANGED SINCE"
        yield f"{_whole(each['path'])} (sha256 {plain(str(each['sha256'])[:12])}…, {is_now})"


def told(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a run's answer: how it ended, why, its steps, and how to go on."""
    yield f"{document['outcome'].upper()}  {document['playbook']}: {plain(document['reason'])}"
    width = max((len(each["id"]) for each in document["steps"]), default=0)
    for each in document["steps"]:
        took = "" if each["took_s"] is None else f" ({format_duration(each['took_s'])})"
        yield f"  {each['id']:{width}}  {each['outcome'] or 'unknown'}{took}: {plain(each['reason'] or '')}"
    waiting = document["waiting"]
    if waiting is not None:
        yield f"Approve until {waiting['expires_at']}, then resume with --grant grant.sig:"
        yield f"  {waiting['sign']}"
    if document["journal"] is not None:
        yield f"Journal: {plain(document['journal'])}"
        yield f"Head: {document['head']}"
    if not document["ended"] and not document["dry_run"]:
        yield f"Resume: leakdoc playbook resume {plain(document['journal'])}"


def plain(text: str) -> str:
    """Return foreign text for a terminal: on one line, inert, without secrets."""
    return without_secrets(inert(text, longest=_LONGEST))
