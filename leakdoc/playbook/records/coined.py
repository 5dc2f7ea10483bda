"""Names that an incident coined and that are nobody's parameter: words of its services, its classes, its people's keys.

They stand in commands, in sentences and in names of files; what comes out of a record says `<name>` instead. A name
counts where the record itself shows that it is one: as a part of a value, as the file of the change, in a stack, or as
a word of several humps that no tool is called by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from leakdoc.playbook.records.mentions import SOURCE_FILE
from leakdoc.playbook.records.origins import LITERAL, Entity
from leakdoc.playbook.records.placing import Placed
from leakdoc.playbook.records.spellings import telling_words
from leakdoc.playbook.records.vocabulary import is_of_tools, known_words, words_of

NAMED_ALIKE: Final = {
    "service", "other_service", "container", "namespace", "cluster", "source", "db_name", "db_host", "upstream",
    "stack", "project", "queue", "channel", "resource_group", "place", "folder", "chart", "org", "log_group",
    "staging_service", "staging_namespace", "staging_cluster", "staging_host", "staging_project", "staging_place",
    "pod", "host", "broker", "staging_broker", "staging_queue", "context", "staging_resource_group", "address",
    "metrics_url", "bastion", "staging_context",
}  # fmt: skip
_HUMPS: Final = re.compile(r"(?<![\w.])(?:[A-Z]+\d*[a-z]+\d*){2,}(?![\w])")
_FRAME: Final = re.compile(
    r"(?:\bat |\bin |\bfunc |\bclass |\bdef |\bfun |\bfn |\.|\(\*?|\*|^|[\s:/])"
    r"(?P<v>(?:[A-Z][a-z0-9]+|[a-z]+)(?:[A-Z][a-z0-9]*)+|[a-z][a-z0-9]*(?:_[a-z0-9]+)+)"
)
_DOMAIN: Final = re.compile(r"(?<![\w.-])(?:[\w-]+\.)*(?P<v>[a-z][\w-]{3,})\.[a-z]{2,10}(?![\w.-])")
_REGISTRY: Final = re.compile(r"(?<![\w.-])[\w-]+(?:\.[\w-]+)+(?::\d+)?/(?P<v>[\w./-]+?)(?=[:@\s'\"]|$)")
_FILE: Final = re.compile(
    r"\.(?:ya?ml|json|toml|ini|conf|cfg|txt|log|md|sh|csv|proto|bin|gz|tgz|zip|html|out|tmpl|xml)$"
)
_SHOWING: Final = {"code", "history", "heap", "heap_report", "threads"}
_MOST: Final = 400  # names; a record that has more gives the first


def coined(course: list[Placed], found: Iterable[Entity]) -> Iterator[Entity]:
    """Yield the names that an incident coined, each once."""
    found = list(found)
    taken = {each.value for each in found}
    names = [*_classes(course), *_spoken(course)]
    words = [*_words(found), *_addresses(course)]
    for name, values in (("coined_name", [*names, *_first_labels(found)]), ("coined_word", words)):
        for value in list(dict.fromkeys(values))[:_MOST]:
            if value not in taken:
                yield Entity(name=name, type="text", value=value, origin=LITERAL)
            elif name == "coined_word":  # a value of one word: its other spellings
                yield Entity(name=name, type="text", value=value.capitalize(), origin=LITERAL)


def _first_labels(found: Iterable[Entity]) -> Iterator[str]:
    """Yield what hosts are called for short."""
    for each in found:
        label, dot, _ = each.value.partition(".")
        if each.type == "host" and dot and "-" in label and not is_of_tools(label):
            yield label


def _words(found: Iterable[Entity]) -> Iterator[str]:
    """Yield what the values of the incident are made of: `orders` of `orders-db.example.com`."""
    known = known_words()
    for each in found:
        if each.name.rstrip("_0123456789") in NAMED_ALIKE and "[" not in each.value:
            value = each.value.rstrip("/").rpartition("/")[2] if each.name in ("source", "folder") else each.value
            yield from telling_words(value, known)


def _addresses(course: list[Placed]) -> Iterator[str]:
    """Yield the words of domains, and of the folders of registries, that commands and requests name."""
    known = known_words()
    for each in course:
        event = each.reading.event
        text = each.reading.line if event.is_call else event.text
        for pattern in (_DOMAIN, _REGISTRY):
            for match in pattern.finditer(text):
                if not SOURCE_FILE.fullmatch(match[0]) and not _FILE.search(match[0]):
                    yield from telling_words(match["v"], known)


def _classes(course: list[Placed]) -> Iterator[str]:
    """Yield the files of the change and what searches, stacks and heaps show, as far as they have more than a word."""
    for each in course:
        event = each.reading.event
        showing = each.kept and each.reading.kind in _SHOWING
        texts = (event.path, each.reading.line, event.output if showing else "")
        for match in (match for text in texts for match in SOURCE_FILE.finditer(text)):
            stem = match["v"].rpartition("/")[2].partition(".")[0]
            if _is_coined(stem):
                yield stem
        if showing:
            yield from (match["v"] for match in _FRAME.finditer(event.output) if not is_of_tools(match["v"]))


def _spoken(course: list[Placed]) -> Iterator[str]:
    """Yield the names with humps in what was said, where no tool is called so."""
    for each in course:
        if not each.reading.event.is_call:
            text = each.reading.event.text
            yield from (match[0] for match in _HUMPS.finditer(text) if not is_of_tools(match[0]))


def _is_coined(name: str) -> bool:
    return len(words_of(name)) > 1 and not is_of_tools(name)
