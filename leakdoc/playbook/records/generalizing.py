"""Commands and sentences without what belonged to one incident: values become the names of parameters.

A name stands in angle brackets, `<service>`, and means that parameter; nothing is expanded. Everything else of a
command comes through byte for byte.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from leakdoc.playbook.records.coined import NAMED_ALIKE
from leakdoc.playbook.records.masks import MASKS
from leakdoc.playbook.records.origins import Entity
from leakdoc.playbook.records.spellings import any_spelling, parts_of
from leakdoc.playbook.records.vocabulary import is_of_tools
from leakdoc.redact import without_secrets

Change = Callable[[str], str]

_REGISTRY: Final = re.compile(r"(?<![\w./<-])[\w.<>-]+(?:/[\w.<>-]+)+(?=:<(?:image_tag|stable_revision|new_revision))")
_PLACEHOLDER: Final = re.compile(r"(<[a-z][a-z0-9_]*>|(?<![\w-])--?[a-zA-Z][\w-]*)")  # and options of tools


def generalized(text: str, entities: Iterable[Entity]) -> str:
    """Return a text with every value of the incident replaced by its name."""
    for change in _changes(tuple(entities)):
        text = change(text)
    return without_secrets(text)


def generalized_name(name: str, entities: Iterable[Entity]) -> str:
    """Return the name of a record without what belonged to its incident; two that were not one are not one after.

    A name that says nothing of the incident stays as it is, with its date.
    """
    bare = name
    for change in _changes(tuple(entities), shapes=False):
        bare = change(bare)
    bare = bare.replace("<", "").replace(">", "")
    return name if bare == name else f"{bare}-{hashlib.sha256(name.encode()).hexdigest()[:4]}"


@lru_cache(maxsize=16)
def _changes(entities: tuple[Entity, ...], *, shapes: bool = True) -> tuple[Change, ...]:
    """Return what is done to every text of one incident, in this order: values, shapes, spellings, words."""
    ordered = _longest_first(entities)
    words = [each for each in ordered if each.name == "coined_word"]
    names = [each for each in ordered if each.name == "coined_name"]
    values = [each for each in ordered if not each.name.startswith("coined_")]
    return (
        *(change for each in values for change in _of_value(each)),
        _substitution(_REGISTRY, "<image>"),
        *(_substitution(pattern, word) for pattern, word in (MASKS if shapes else ())),
        *(_outside(any_spelling(each.value), f"<{each.name}>") for each in values if _is_spelled_otherwise(each)),
        *_together(names),
        *_together(words),
    )


def _together(entities: list[Entity]) -> list[Change]:
    """Return one change for many names: each is `<name>`."""
    return [_outside("|".join(any_spelling(each.value) for each in entities), "<name>")] if entities else []


def _is_spelled_otherwise(entity: Entity) -> bool:
    name, value = entity.name.rstrip("_0123456789"), entity.value
    if name == "person":
        return len(value) > _SHORT and value.isalpha() and value.isascii()
    if name not in NAMED_ALIKE or len(value) < _SHORT:
        return False
    return len(parts_of(value)) > 1 and "/" not in value and not is_of_tools(value)


def _substitution(pattern: re.Pattern[str], word: str) -> Change:
    return lambda text: pattern.sub(lambda _: word, text)


def _outside(pattern: str, word: str) -> Change:
    """Return a change that leaves the names of parameters, and of options, as they are."""
    either = re.compile(f"{_PLACEHOLDER.pattern}|{pattern}")
    return lambda text: either.sub(lambda match: match[0] if match[1] else word, text)


def _longest_first(entities: Iterable[Entity]) -> list[Entity]:
    unique = {each.value: each for each in reversed(list(entities))}
    return sorted(unique.values(), key=lambda each: (-len(each.value), each.value))


def _of_value(entity: Entity) -> list[Change]:
    """Return how one value is replaced: as it is, and as a file, a class or a metric is called by it."""
    word, value = f"<{entity.name}>", re.escape(entity.value)
    if entity.name in _ONLY_IN_PLACE and not (entity.type == "pid" and len(entity.value) > _SHORT - 1):
        place = re.compile(_ONLY_IN_PLACE[entity.name].format(v=value))
        return [lambda text: place.sub(lambda match: match[0].replace(entity.value, word), text)]
    if entity.type == "revision" and entity.value.isdigit() and len(entity.value) <= _SHORT:
        revision = re.compile(_A_REVISION.format(v=value))
        return [lambda text: revision.sub(lambda match: match[0][: -len(entity.value)] + word, text)]
    if entity.type == "revision":
        patterns = [rf"(?<![A-Za-z0-9<]){value}(?![A-Za-z0-9>])", *_beside(entity)]
    else:
        patterns = [rf"(?<![A-Za-z0-9_<]){value}(?![A-Za-z0-9_>])", *_beside(entity)]
    return [_substitution(re.compile(pattern), word) for pattern in patterns]


def _beside(entity: Entity) -> Iterable[str]:
    """Yield the patterns of what else is called as a value is."""
    if entity.type == "revision" and (core := _CORE.match(entity.value)):  # without what a distribution adds
        yield rf"(?<![A-Za-z0-9.<]){re.escape(core[0])}(?![A-Za-z0-9.>])"
    if entity.type == "slack_channel" and len(entity.value) > _SHORT:
        yield rf"(?<=[ =\"']){re.escape(entity.value.lstrip('#'))}(?![\w-])"
    base = entity.value.rstrip("/").rpartition("/")[2]
    if entity.type == "path" and "." in base and base != entity.value:
        yield rf"(?<![\w.-]){re.escape(base)}(?![\w-])"
    stem = base.partition(".")[0]
    if entity.name.startswith("leak_file") and _COINED.fullmatch(stem):  # a class is called as its file is
        yield rf"(?<![A-Za-z0-9<]){re.escape(stem)}(?![a-z0-9])"
    if entity.type == "service" and "-" in entity.value:  # a program, a metric or a folder has underscores for hyphens
        yield rf"(?<![A-Za-z0-9]){re.escape(entity.value.replace('-', '_'))}(?![A-Za-z0-9>])"


_CORE: Final = re.compile(r"v?\d+\.\d+\.\d+(?=[+~-])")
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
    "broker_port": r":{v}\b",
    "proxy_port": r"(?:-p|-P|--port)[ =]?{v}\b|:{v}\b",
    "idle_seconds": r"(?i)interval\s+'{v}(?=\s)|(?:timeout|duration)\w*\s*[=:]\s*'?{v}(?=\s*s)",
}
