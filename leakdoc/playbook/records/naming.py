"""What a text names: revisions, and the places where a command acts."""

from __future__ import annotations

import re
from typing import Final


def revisions_in(text: str) -> set[str]:
    """Return what can name a revision in an output: `Revision: 41`, `name:88`, tags, digests and releases."""
    found = {match[1] for match in re.finditer(r"(?im)^\s*(?:revision|version|release)\s*[:=]?\s*v?(\d+)\b", text)}
    found |= {
        match[0].rstrip(".")
        for match in re.finditer(r"[\w.-]+:\d+(?![\d.])\b", text)
        if not re.search(r":(\d{4,5})$|^[\d-]+T?\d*:|\.[a-z]{1,5}:\d+$", match[0])  # a port, a time, a line of a file
    }
    found |= {match[1] for match in re.finditer(r"[\w.-]+/[\w./-]+:([\w][\w.-]{2,})", text)}
    found |= {match[1] for match in re.finditer(r"\breleases?/(v?\d[\w.-]*)", text)}
    found |= {match[0] for match in re.finditer(r"\b[a-z][a-z0-9-]*--[a-z0-9]+\b", text)}
    found |= {match[0] for match in re.finditer(r"\b20\d{6}[\d.-]*\w*|\bv?\d+\.\d+\.\d+[\w.+-]*", text)}
    found |= {match[1] for match in _COMMIT.finditer(text)}
    return {each for each in found if not _ADDRESS.fullmatch(each)}


# A commit that stands alone in a line; a container's name has twelve digits, or all 64.
_COMMIT: Final = re.compile(r"(?m)^\s*(?=[0-9]*[a-f])(?=[a-f]*[0-9])([0-9a-f]{7,10}|[0-9a-f]{40})\s*$")
_ADDRESS: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")  # has the shape of a version


def places_in(line: str) -> set[str]:
    """Return the hosts, namespaces and contexts that a command names."""
    named = re.findall(r"(?:-n|--namespace|--context|--cluster)[ =](\S+)", line)
    return {*named, *re.findall(r"https?://([\w.-]+)", line), *re.findall(r"\bssh\s+(?:-\S+\s+)*(\S+)", line)}
