"""A run from its beginning, or from where its journal ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from leakdoc import _version
from leakdoc.errors import DamagedSource, PlaybookError, UsageError
from leakdoc.model.journal import EventType
from leakdoc.model.step import Effect
from leakdoc.playbook.checks.params import read_params
from leakdoc.playbook.checks.table import check
from leakdoc.playbook.engine.loop import go
from leakdoc.playbook.engine.runner import Runner
from leakdoc.playbook.engine.setting import Setting, Stop
from leakdoc.playbook.engine.state import RESUME, State
from leakdoc.playbook.journal.cleaning import Verbatim
from leakdoc.playbook.journal.lock import only_runner
from leakdoc.playbook.journal.reading import read_journal
from leakdoc.playbook.journal.running import SUFFIX
from leakdoc.playbook.journal.session import new_run_id
from leakdoc.playbook.journal.writing import JournalFile
from leakdoc.playbook.loading import Loaded, playbook_from
from leakdoc.playbook.model import Playbook
from leakdoc.playbook.problems import refuse_if_any, refuse_parameters
from leakdoc.playbook.registry import Registry
from leakdoc.playbook.yaml_reading import Read
from leakdoc.redact import inert

NO_JOURNAL: Final = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How far a run has come.

    Args:
        journal: null for a dry run.
        head: the hash of the journal's last line.
    """

    state: State
    stop: Stop
    journal: Path | None
    head: str | None


def start(loaded: Loaded, given: Mapping[str, Any], setting: Setting, *, journal: Path | None = None) -> Ran:
    """Begin a run, and run until it ends or must not go on.

    Args:
        given: the playbook's parameters, as text or as values.
        journal: where to; null for a new file in the setting's directory.

    Raises:
        UsageError: parameters do not fit (all are told, and nothing is run), or the journal is there already.
        JournalError: it cannot be written; then nothing more is begun.
        RunBusy: another runner is at work on it.
    """
    params, problems = read_params(loaded.playbook, given, setting.now())
    refuse_parameters(problems, loaded.source.name)
    run = new_run_id(setting.now())
    path = journal or setting.directory / f"{loaded.playbook.metadata.name}-{run}{SUFFIX}"
    if path.exists() and (path.stat().st_size or not path.is_file()):
        raise UsageError(
            f"{inert(str(path))} is there already", help="Resume it: leakdoc playbook resume FILE; or name another."
        )
    with only_runner(path, time.sleep), JournalFile(path, setting.now) as file:
        if file.events:
            raise UsageError(f"{inert(str(path))} is there already", help="Name another journal.")
        runner = Runner(_state(loaded.playbook, setting.registry), file, setting)
        runner.state.run = run
        runner.tell(EventType.RUN_STARTED, actor=setting.actor, inputs=_beginning(loaded, params, setting))
        for told in lacking(loaded.playbook, setting.registry):
            setting.progress(told)
        return _ran(runner)


def resume(journal: Path, setting: Setting, *, head: str | None = None) -> Ran:
    """Go on with a run from where its journal ends.

    Args:
        head: a hash that was noted earlier; a journal without it is refused.

    Raises:
        SourceError: the journal cannot be read, or is not to be believed.
        PlaybookError: it is of no playbook's run.
        RunBusy: another runner is at work on it.
    """
    read_journal(journal, head=head)
    with only_runner(journal, time.sleep), JournalFile(journal, setting.now) as file:
        playbook, inputs = began_with(file.events, inert(str(journal)))
        refuse_if_any(check(playbook, setting.registry, Read()), playbook.metadata.name)
        directory = Path(str(inputs.get("directory") or setting.directory))
        runner = Runner(_state(playbook, setting.registry), file, replace(setting, directory=directory))
        runner.state.feed_all(file.events)
        ended = runner.state.ended
        if ended is not None and ended.outcome is not None:
            stop = Stop(outcome=ended.outcome, reason=ended.reason or "", is_end=True)
            return Ran(state=runner.state, stop=stop, journal=journal, head=file.head)
        runner.tell(EventType.CHOICE, actor=setting.actor, choice=RESUME, reason="resumed")
        return _ran(runner)


def began_with(events: list[Any] | tuple[Any, ...], name: str) -> tuple[Playbook, dict[str, Any]]:
    """Return the playbook that a journal's run began with, and the rest of what it was given.

    Raises:
        PlaybookError: the journal is of no playbook's run.
        DamagedSource: the playbook in it cannot be read.
    """
    first = events[0] if events else None
    inputs: dict[str, Any] = dict(first.inputs or {}) if first is not None else {}
    if first is None or first.type is not EventType.RUN_STARTED or not isinstance(inputs.get("playbook"), dict):
        raise PlaybookError(f"{name} is not the journal of a playbook's run")
    try:
        return playbook_from(inputs["playbook"]), inputs
    except ValueError as error:
        raise DamagedSource(f"the playbook in {name} cannot be read: {inert(str(error))}") from None


def lacking(playbook: Playbook, registry: Registry) -> Iterator[str]:
    """Yield what a playbook's steps lack here: they may be mended before the run has come that far."""
    for spec in playbook.steps:
        step = registry.get(spec.uses)
        reason = None if step.lacks is None else step.lacks(spec.with_)
        if reason is not None:
            yield f"{spec.id} cannot run yet: {reason}"


def _ran(runner: Runner) -> Ran:
    stop = go(runner)
    return Ran(state=runner.state, stop=stop, journal=runner.journal, head=runner.file.head)


def _state(playbook: Playbook, registry: Registry) -> State:
    return State(playbook, writes_of(playbook, registry))


def writes_of(playbook: Playbook, registry: Registry) -> Callable[[str], bool]:
    """Return a function that says whether a step, by its id, writes."""
    writing = {spec.id for spec in playbook.steps if (spec.effect or registry.get(spec.uses).effect) is Effect.WRITE}
    return writing.__contains__


def _beginning(loaded: Loaded, params: Mapping[str, Any], setting: Setting) -> dict[str, Any]:
    return {
        "playbook": Verbatim(loaded.playbook.model_dump(mode="json", by_alias=True, exclude_unset=True)),
        "digest": loaded.digest,
        "source": loaded.source.origin,
        "params": dict(params),
        "directory": str(setting.directory.absolute()),
        "leakdoc": _version.__version__,
        "pid": os.getpid(),
    }
