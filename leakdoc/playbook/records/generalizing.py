"""Commands and sentences without what belonged to one incident: values become the names of parameters.

A name stands in angle brackets, `<service>`, and means that parameter; nothing is expanded. Everything else of a
command comes through byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from leakdoc.playbook.records.origins import Entity
from leakdoc.redact import without_secrets

_MASKS: Final = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+\w"), "<email>"),
    (re.compile(r"(?<=://)[\w.-]*[a-z][\w.-]*(?::\d+)?(?=[/\s'\"?]|$)"), "<host>"),
    (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\d.])"), "<ip>"),
    (re.compile(r"\b(?:ip-\d+(?:-\d+){3}[\w.-]*|(?:gke|aks|eks|k3s)-[\w-]+-[\w-]+|(?<=node/)[\w.-]+)"), "<node>"),
    (
        re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
        "<id>",
    ),
    (re.compile(r"\barn:aws[\w:/.<>-]+"), "<arn>"),
    (
        re.compile(
            r"\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|internal|local|cloud|svc|dev|co|cn|example|test|lan|corp)(?:\.[a-z]{2})?\b(?::\d+)?"
        ),
        "<host>",
    ),
    (re.compile(r"(?<![\w.])/(?:tmp|var/tmp|dumps?|data|home|root|mnt|srv|opt)/[^\s'\";|&)<>]+"), "<file>"),
    (re.compile(r"\b[a-z][a-z0-9-]*-[a-f0-9]{6,10}-[a-z0-9]{5}\b"), "<pod>"),
    (re.compile(r"(?<![\w#])#\d{2,7}\b"), "<ticket>"),
    (re.compile(r"\b[A-Z]{2,8}-\d{2,7}\b"), "<ticket>"),
    (re.compile(r"\bsha256:[0-9a-f]{12,64}\b"), "<digest>"),
    (re.compile(r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b"), "<sha>"),
    (re.compile(r"\bi-[0-9a-f]{8,17}\b"), "<instance>"),
    (re.compile(r"(?<![\w.])\d{12}(?![\w.])"), "<account>"),
    (re.compile(r"\b1[5-9]\d{8}(?:\d{3})?\b"), "<time>"),
    (re.compile(r"\b20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?"), "<time>"),
    (
        re.compile(r"(?<=-U )[a-z]\w+|(?<=-u )[a-z]\w{2,}(?= )|(?<=--username=)\w+|(?<=usename=')\w+|(?<=\buser=)\w+"),
        "<user>",
    ),
)
_REGISTRY: Final = re.compile(r"(?<![\w./<-])[\w.<>-]+(?:/[\w.<>-]+)+(?=:<(?:image_tag|stable_revision|new_revision))")


def generalized(text: str, entities: Iterable[Entity]) -> str:
    """Return a text with every value of the incident replaced by its name."""
    for each in _longest_first(entities):
        text = _replaced(text, each)
    text = _REGISTRY.sub("<image>", text)
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return without_secrets(text)


def _longest_first(entities: Iterable[Entity]) -> list[Entity]:
    unique = {each.value: each for each in reversed(list(entities))}
    return sorted(unique.values(), key=lambda each: (-len(each.value), each.value))


def _replaced(text: str, entity: Entity) -> str:
    word, value = f"<{entity.name}>", re.escape(entity.value)
    if entity.name in _ONLY_IN_PLACE and not (entity.type == "pid" and len(entity.value) > _SHORT - 1):
        return re.sub(
            _ONLY_IN_PLACE[entity.name].format(v=value), lambda match: match[0].replace(entity.value, word), text
        )
    if entity.type == "revision" and entity.value.isdigit() and len(entity.value) <= _SHORT:
        return re.sub(_A_REVISION.format(v=value), lambda match: match[0][: -len(entity.value)] + word, text)
    text = re.sub(rf"(?<![A-Za-z0-9_<]){value}(?![A-Za-z0-9_>])", lambda _: word, text)
    base = entity.value.rstrip("/").rpartition("/")[2]
    if entity.type == "path" and "." in base and base != entity.value:
        text = re.sub(rf"(?<![\w.-]){re.escape(base)}(?![\w-])", lambda _: word, text)
    stem = base.partition(".")[0]
    if entity.name.startswith("leak_file") and _COINED.fullmatch(stem):  # a class is called as its file is
        text = re.sub(rf"(?<![A-Za-z0-9<]){re.escape(stem)}(?![a-z0-9])", lambda _: word, text)
    if entity.type == "service" and "-" in entity.value:  # a program, a metric or a folder has underscores for hyphens
        text = re.sub(
            rf"(?<![A-Za-z0-9]){re.escape(entity.value.replace('-', '_'))}(?![A-Za-z0-9>])", lambda _: word, text
        )
    return text


_COINED: Final = re.compile(
    r"(?:[A-Z][a-z0-9]+){2,}|[a-z0-9]+(?:_[a-z0-9]+)+"
)  # more than one word: no word of a language
_SHORT: Final = 4  # digits: a shorter revision, or process, may be any number
_A_REVISION: Final = (
    r"(?i)(?:(?:\b(?:revision|version|release|rev|build|definition|deployment|roll-?back|revert|undo|image|tag|back)|版本|回滚|切回)"
    r"[^\n;|&]{{0,48}}?(?:[\s=:\"'/]|回|到)v?|[A-Za-z][\w./>-]*:v?|\bv){v}(?![\w-]|\.\d)"
)
# Short numbers are common; they are replaced only where their position says what they are.
_ONLY_IN_PLACE: Final = {
    "pid": r"/proc/{v}(?=/)|(?:--pid[ =]|-p ?)\b{v}\b|(?<=[ (]){v}(?=$|[\s)'\"])|-{v}\.|\b_?(?i:pid)\W{{1,3}}{v}\b",
    "db_port": r"(?:-p|-P|--port)[ =]?{v}\b|:{v}\b",
    "proxy_port": r"(?:-p|-P|--port)[ =]?{v}\b|:{v}\b",
    "idle_seconds": r"(?i)interval\s+'{v}(?=\s)|(?:timeout|duration)\w*\s*[=:]\s*'?{v}(?=\s*s)",
}
