"""The values that nobody typed and only outputs show: what ran before, who was connected, which commit, which file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from leakdoc.playbook.records.mentions import SOURCE_FILE, Mention
from leakdoc.playbook.records.naming import revisions_in
from leakdoc.playbook.records.placing import Placed
from leakdoc.playbook.records.twins import twins_of


def only_shown(course: list[Placed], counts: dict[Mention, int]) -> Iterator[Mention]:
    """Yield what only outputs show: the revision to go back to, the peer of most connections, the commit."""
    alone = not any(mention.name == "stable_revision" for mention in counts)
    yield from (Mention("stable_revision", "revision", revision) for revision in _revisions(course, alone=alone))
    if not any(mention.name in ("db_host", "upstream") for mention in counts):
        yield from _peers(course)
    if not any(mention.name in ("image_tag", "new_revision") for mention in counts):
        yield from twins_of(each.reading for each in course if not each.dropped)
    yield from (Mention("git_sha", "revision", sha) for sha in _shas(course))
    if not any(mention.name == "leak_file" for mention in counts):
        yield from (Mention("leak_file", "path", path) for path in cited_files(course)[:1])


def cited_files(course: list[Placed]) -> list[str]:
    """Return the files that a search or a stack showed, and that somebody then spoke of."""
    said = "\n".join(each.reading.event.text for each in course if not each.reading.event.is_call)
    showing = [each for each in course if each.kept and each.reading.kind in ("code", "heap_report", "heap", "threads")]
    shown = [match["v"] for each in showing for match in SOURCE_FILE.finditer(each.reading.event.output)]
    return [path for path in shown if path.rpartition("/")[2] in said]


def _revisions(course: list[Placed], *, alone: bool) -> list[str]:
    """Return what a look at the running revision showed, and something later goes back to by name.

    Args:
        alone: nothing else says what a rollback goes to, so that the only revision of an output counts too.
    """
    named = []
    for position, each in enumerate(course):
        if each.reading.kind in ("revision", "symptom") and each.phase != "rolled":
            later = [
                after.reading for after in course[position + 1 :] if after.slot in ("baseline", "rollout", "roll_back")
            ]
            texts = "\n".join(reading.event.text + reading.line for reading in later)
            shown = sorted({*_revisions_shown(each.reading.event.output), *_gone_back_to(each, course[position + 1 :])})
            for revision in shown:
                if (alone and len(shown) == 1) or re.search(rf"(?<![\w.:-]){re.escape(revision)}(?![\w-])", texts):
                    named.append(revision)
    return named


_COUNTED: Final = re.compile(
    r"(?m)^\s*(?P<n>\d{2,})\s+(?:\S+\s+)?(?P<host>[\w.-]+|\[[0-9a-f:]+\]):(?P<port>\d{2,5})\s*$"
)


def _gone_back_to(each: Placed, later: list[Placed]) -> set[str]:
    """Return what a look showed and a plan for the rollback, or the rollback, then names."""
    plans = [after.reading for after in later if after.slot in ("baseline", "roll_back")]
    named = {token for reading in plans for token in _TOKEN.findall(reading.event.text or reading.line)}
    return {
        token
        for token in _TOKEN.findall(each.reading.event.output)
        if token in named and len(token) > 3 and ":" not in token
    }


_TOKEN: Final = re.compile(r"(?<![\w./-])(?=[\w.+-]*\d)[A-Za-z\d][\w.+-]*\w(?![\w-])")


def _revisions_shown(output: str) -> list[str]:
    """Return the revisions of an output; where it names one image, its tag."""
    tasks = set(re.findall(r"task-definition/[\w-]+:(\d+)", output))  # people say it with its family, or without
    output = re.sub(r"\S*task-definition/", "", output)
    tags = set(re.findall(r"[\w.-]+/[\w./-]+:([\w][\w.-]{2,})", output))
    return sorted(tags) if len(tags) == 1 else sorted(revisions_in(output) | tasks)


def _peers(course: list[Placed]) -> Iterator[Mention]:
    """Yield the address that most connections of the process go to, where a look counted them."""
    for each in course:
        if each.kept and each.reading.kind == "client_connections" and each.phase == "before":
            counted = list(_COUNTED.finditer(each.reading.event.output))
            if counted:
                most = max(counted, key=lambda match: int(match["n"]))
                yield Mention("upstream", "host", most["host"])
                yield Mention("upstream_port", "port", most["port"])
                return


def _shas(course: list[Placed]) -> list[str]:
    """Return the commits that a history showed and that something later names."""
    shown: list[str] = []
    latest: list[str] = []
    for position, each in enumerate(course):
        asks = each.reading.kind == "history" or re.search(r"\bgit (?:-C \S+ )?(log|blame|show)\b", each.reading.line)
        if asks and each.kept and each.reading.event.is_call:
            listed = re.findall(r"(?m)^\W*(?:commit )?([0-9a-f]{7,40})\b(?=.*[a-z ])", each.reading.event.output)
            for sha in listed:
                later = "\n".join(after.reading.event.text + after.reading.line for after in course[position + 1 :])
                if re.search(r"[a-f]", sha) and (len(listed) == 1 or re.search(rf"\b{sha[:7]}", later)):
                    shown.append(sha)
            if not shown and listed and SOURCE_FILE.search(each.reading.line) and re.search(r"[a-f]", listed[0]):
                latest.append(listed[0])  # of the file that was asked about, the last change before the incident
    return shown or latest[-1:]
