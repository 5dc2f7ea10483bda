"""The rules of `rules.toml`, read once, and a company's own in front of them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import UsageError
from leakdoc.model.step import Effect, Scope
from leakdoc.playbook.records.event import Actor, RecordEvent
from leakdoc.playbook.records.shell.changing import SAME_TOOL
from leakdoc.playbook.records.shell.commands import Simple
from leakdoc.redact import inert
from leakdoc.small_files import read_small

_FIELDS: Final = {"kind", "run", "has", "lacks", "like", "looped", "path", "added", "text", "by"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is done in one event.

    Args:
        about: in words.
        effect: what that does.
        scope: where that is felt.
        steps: the step of a playbook that does the same, for each class of incident; `""` for any.
        optional: the classes in which it counts only where something later rests on it; `""` for any.
    """

    name: str
    about: str
    effect: Effect
    scope: Scope
    steps: Mapping[str, str]
    optional: tuple[str, ...] = ()

    def step(self, incident_class: str) -> str | None:
        """Return the step of a playbook for that class, or null when there is none."""
        return self.steps.get(incident_class) or self.steps.get("")

    def is_optional(self, incident_class: str) -> bool:
        """Return whether it counts, in that class, only where something later rests on it."""
        return "" in self.optional or incident_class in self.optional


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; what it does not say does not matter to it.

    Args:
        name: where it stands: `command 12 (memory)`.
    """

    name: str
    kind: str
    run: tuple[tuple[tuple[str, ...], ...], ...] = ()
    has: re.Pattern[str] | None = None
    lacks: re.Pattern[str] | None = None
    path: re.Pattern[str] | None = None
    looped: bool = False
    by: Actor | None = None
    like: tuple[str, ...] = ()

    def fits_command(self, simple: Simple, text: str) -> bool:
        """Whether it is a rule for this command."""
        if self.looped and not simple.looped:
            return False
        return (not self.run or any(_runs(pattern, simple.argv) for pattern in self.run)) and self._fits(text)

    def fits_edit(self, event: RecordEvent) -> bool:
        """Whether it is a rule for this edit."""
        return (self.path is None or bool(self.path.search(event.path))) and self._fits(event.after)

    def fits_statement(self, event: RecordEvent, text: str) -> bool:
        """Whether it is a rule for this statement."""
        return (self.by is None or self.by is event.actor) and self._fits(text)

    def _fits(self, text: str) -> bool:
        if self.has is not None and not self.has.search(text):
            return False
        return self.lacks is None or not self.lacks.search(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """All rules, in the order in which they are tried."""

    kinds: Mapping[str, Kind]
    commands: tuple[Rule, ...]
    edits: tuple[Rule, ...]
    statements: tuple[Rule, ...]
    classes: Mapping[str, re.Pattern[str]]
    platforms: Mapping[str, re.Pattern[str]]
    drivers: Mapping[str, re.Pattern[str]]


def _runs(pattern: tuple[tuple[str, ...], ...], argv: tuple[str, ...]) -> bool:
    """Whether the program fits, and the words follow in order; an option fits only a word that begins with `-`."""
    if not argv:
        return False
    program = argv[0].rpartition("/")[2][:_LONGEST_PROGRAM]
    program = SAME_TOOL.get(program, program)
    if not _is_called(program, argv[0][:_LONGEST_PROGRAM], pattern[0]):
        return False
    at = 1
    for alternatives in pattern[1:]:
        if alternatives == ("*",):
            continue
        while at < len(argv) and not _is_one_of(argv[at], alternatives, program):
            at += 1
        if at == len(argv):
            return False
        at += 1
    return True


def _is_one_of(word: str, alternatives: tuple[str, ...], program: str) -> bool:
    """Whether a word is one of these; of `make test ENV=x`, what is assigned is no target."""
    if program in _GIVEN_VALUES and "=" in word:
        alternatives = tuple(each for each in alternatives if "=" in each)
    return any(_is_word(word, each) for each in alternatives)


_GIVEN_VALUES: Final = {"make", "gmake", "just", "task", "rake", "invoke", "inv", "mage", "earthly"}


@lru_cache(maxsize=1 << 16)
def _is_called(program: str, called: str, names: tuple[str, ...]) -> bool:
    """Whether one of these names is a program's; every rule asks it of every command, and programs are few."""
    return any(fnmatchcase(program, each) or fnmatchcase(called, each) for each in names)


_LONGEST_PROGRAM: Final = 256  # characters of a first word that can name a program


def _is_word(word: str, wanted: str) -> bool:
    bare = (
        word.partition("/")[0]
        if "/" in word and not wanted.startswith(("/", "*")) and not word.startswith("/")
        else word
    )
    return fnmatchcase(bare, wanted) or (wanted.startswith("--") and word.partition("=")[0] == wanted)


@cache
def own_rules() -> Rulebook:
    """Return the rules that come with leakdoc."""
    text = resources.files("leakdoc.playbook.records").joinpath("rules.toml").read_text(encoding="utf-8")
    return _rulebook(tomllib.loads(text), "leakdoc")


def with_company_rules(path: Path) -> Rulebook:
    """Return a company's rules in front of ours; of kinds, its own may be new, or ours said anew.

    Raises:
        UsageError: the file cannot be read, or is not written like ours.
    """
    name = inert(str(path))
    try:
        theirs = _rulebook(tomllib.loads(read_small(path).decode("utf-8")), path.name)
    except (OSError, ValueError, KeyError, TypeError, re.error) as error:
        help_ = (
            "It is TOML like leakdoc/playbook/records/rules.toml: [kinds.NAME], [[command]], [[edit]], [[statement]]."
        )
        raise UsageError(f"rules in {name} cannot be used: {inert(str(error), longest=200)}", help=help_) from None
    ours = own_rules()
    kinds = {**ours.kinds, **theirs.kinds}
    both = Rulebook(
        kinds=kinds,
        commands=theirs.commands + ours.commands,
        edits=theirs.edits + ours.edits,
        statements=theirs.statements + ours.statements,
        classes={**ours.classes, **theirs.classes},
        platforms={**theirs.platforms, **ours.platforms},
        drivers={**theirs.drivers, **ours.drivers},
    )
    unknown = sorted({rule.kind for rule in (*theirs.commands, *theirs.edits)} - kinds.keys())
    if unknown:
        raise UsageError(f"rules in {name} name kinds that are not declared: {', '.join(unknown)}")
    return both


def _rulebook(data: dict[str, Any], origin: str) -> Rulebook:
    return Rulebook(
        kinds={name: _kind(name, each) for name, each in data.get("kinds", {}).items()},
        commands=_rules(data, "command", origin),
        edits=_rules(data, "edit", origin),
        statements=_rules(data, "statement", origin),
        classes={name: _pattern(each["words"]) for name, each in data.get("classes", {}).items()},
        platforms={name: _pattern(each) for name, each in data.get("platforms", {}).items()},
        drivers={name: _pattern(each) for name, each in data.get("drivers", {}).items()},
    )


def _kind(name: str, data: dict[str, Any]) -> Kind:
    step = data.get("step", {})
    return Kind(
        name=name,
        about=data["about"],
        effect=Effect(data["effect"]),
        scope=Scope(data.get("scope", "none")),
        steps={"": step} if isinstance(step, str) else dict(step),
        optional=_classes(data.get("optional", False)),
    )


def _classes(optional: Any) -> tuple[str, ...]:
    return tuple(optional) if isinstance(optional, list) else ("",) if optional else ()


def _rules(data: dict[str, Any], section: str, origin: str) -> tuple[Rule, ...]:
    rules = []
    for number, each in enumerate(data.get(section, ()), start=1):
        unknown = sorted(each.keys() - _FIELDS)
        if unknown:
            raise ValueError(f"{section} {number} has unknown fields: {', '.join(unknown)}")
        rules.append(_rule(each, f"{origin}: {section} {number} ({each['kind']})"))
    return tuple(rules)


def _rule(data: dict[str, Any], name: str) -> Rule:
    found = data.get("has") or data.get("added") or data.get("text")
    return Rule(
        name=name,
        kind=data["kind"],
        run=tuple(tuple(tuple(word.split("|")) for word in line.split()) for line in data.get("run", ())),
        has=_pattern(found) if found else None,
        lacks=_pattern(data["lacks"]) if "lacks" in data else None,
        path=_pattern(data["path"]) if "path" in data else None,
        looped=bool(data.get("looped", False)),
        by=Actor(data["by"]) if "by" in data else None,
        like=tuple(data.get("like", ())),
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)
