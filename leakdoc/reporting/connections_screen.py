"""The answer of `leakdoc connections`: the verdict, the table by peer, what to do, and who holds connections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.finding import Finding
from leakdoc.model.peer import Held, Kept, PeerSummary
from leakdoc.redact import inert
from leakdoc.reporting.peer_table import peer_table
from leakdoc.reporting.words import command_words, decision_word, subject_words
from leakdoc.units import format_duration

LONGEST: Final = 600
MOST_HOLDERS: Final = 20


def connections_screen(
    diagnosis: Diagnosis, peers: Sequence[PeerSummary], held: Held | None = None, kept: Kept | None = None
) -> Iterator[str]:
    """Yield the lines for a person at a terminal."""
    yield verdict_line(diagnosis)
    faults = [finding for finding in diagnosis.findings if finding.decision.is_fault]
    with_clients = [finding for finding in diagnosis.findings if finding.evidence.get("clients") is not None]
    yield from (inert(finding.reason, longest=LONGEST) for finding in (*faults[1:], *with_clients))
    yield ""
    yield from peer_table(peers)
    yield from _waiting(faults)
    yield from _held(held)
    yield from _kept(kept)
    yield from _advice(faults)
    yield ""
    unseen = [*diagnosis.blind_spots, *(f"{name} ({why})" for name, why in sorted(diagnosis.unavailable.items()))]
    if unseen:
        yield f"Not seen: {', '.join(map(inert, unseen))}"
    if diagnosis.touched is not None:
        yield f"Touched: {diagnosis.touched}"
    for place, command in enumerate(diagnosis.next[:2]):
        yield f"{'Next:' if place == 0 else '  or:'} {command_words(command)}"


def verdict_line(diagnosis: Diagnosis) -> str:
    """Return the verdict with what it rests on first."""
    fault = next((each for each in diagnosis.findings if each.decision is diagnosis.decision), None)
    is_fault = fault is not None and fault.decision.is_fault
    reason = fault.reason if fault is not None and is_fault else diagnosis.reason
    unseen = "; but see what was not seen" if diagnosis.decision.is_settled and diagnosis.blind_spots else ""
    said = f"{inert(reason, longest=LONGEST)}{unseen}"
    return f"{decision_word(diagnosis.decision)}  {subject_words(diagnosis.subject)}  {said}"


def _waiting(faults: Sequence[Finding]) -> Iterator[str]:
    """Where the code waits, where stacks or an agent told: each place once, with the one peer that it waits for."""
    found: dict[tuple[str, str], set[str]] = {}
    for finding in faults:
        told = finding.evidence.get("waiting_at")
        for place in told if isinstance(told, list) else ():
            if isinstance(place, dict):
                where = inert(f"{place.get('file')}:{place.get('line')} in {place.get('function')}")
                found.setdefault((str(place.get("count")), where), set()).add(_peer_words(finding))
    for (count, where), peers in found.items():
        yield f"    {count} wait{min(peers) if len(peers) == 1 else ''} at {where}"


def _peer_words(finding: Finding) -> str:
    peer, kind = finding.evidence.get("peer"), finding.evidence.get("peer_kind")
    return " for " + inert(f"{kind or ''} {peer}".strip()) if peer else ""


def _held(held: Held | None) -> Iterator[str]:
    if held is None:
        return
    yield ""
    span = format_duration(held.longer_than_s)
    what = f"checked out for longer than {span}" if held.known else f"that carried nothing for longer than {span}"
    yield f"{len(held.holders)} connections {what}"
    for holder in held.holders[:MOST_HOLDERS]:
        where = f"  {holder['file']}:{holder['line']} in {holder['function']}" if holder.get("file") else ""
        seconds = holder.get("held_s")
        age = format_duration(seconds) if isinstance(seconds, int | float) else "-"
        yield inert(f"    {age:>8}  {holder.get('peer') or holder.get('pool') or ''}{where}")
    if not held.known:
        yield "    Who holds them is not known: the target has no agent (leakdoc run --agent -- CMD)"


def _kept(kept: Kept | None) -> Iterator[str]:
    """What keeps connections open, the way to it from the outside in."""
    if kept is None:
        return
    yield ""
    if kept.asked is None:
        yield inert(f"What keeps connections open is not known: {kept.reason}", longest=LONGEST)
        return
    part = f"; {kept.reason}" if kept.reason else ""
    yield f"Kept open, as {kept.asked} tells{part}:" if kept.by else f"No object was found that keeps one open{part}"
    for each in kept.by:
        path = each["path"]
        names = [str(hop["name"]) for hop in path if isinstance(hop, dict)] if isinstance(path, list) else []
        peer = f"{each.get('peer_kind') or ''} {each['peer']}".replace("tcp ", "").strip()
        yield inert(f"    {each['count']} to {peer} by {' → '.join(names)}", longest=LONGEST)


def _advice(faults: Sequence[Finding]) -> Iterator[str]:
    """What to do, once for each fault, in the order of the faults."""
    said: dict[str, None] = {}
    for finding in faults:
        said.update(dict.fromkeys(finding.advice))
    if said:
        yield ""
        yield from (f"- {inert(text, longest=LONGEST)}" for text in said)
