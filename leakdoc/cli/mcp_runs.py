"""Runs of tools: in threads of their own, kept by an id, to be asked for and cancelled."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import LeakdocError
from leakdoc.model.decision import Outcome
from leakdoc.model.documents import step_result_document
from leakdoc.model.step import StepResult
from leakdoc.playbook.context import StepContext
from leakdoc.playbook.running import run_step
from leakdoc.playbook.step import Step

KEPT: Final = 200  # finished runs that are remembered
AT_ONCE: Final = 4


@dataclass(slots=True, kw_only=True)
class Run:
    """One run of one tool."""

    id: str
    tool: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    progress: str = ""
    document: dict[str, Any] | None = None

    @property
    def state(self) -> str:
        """``running``, ``cancelling`` or ``ended``."""
        if self.ended.is_set():
            return "ended"
        return "cancelling" if self.cancelled.is_set() else "running"


class Runs:
    """The runs of a server.

    Args:
        directory: where steps write files.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def begin(self, tool: str, step: Step, arguments: Mapping[str, Any]) -> Run:
        """Begin a run.

        Raises:
            LeakdocError: too many run already.
        """
        if not self._slots.acquire(blocking=False):
            raise LeakdocError(f"{AT_ONCE} runs are at work already", help="Wait for one, or cancel it.")
        run = Run(id=secrets.token_hex(8), tool=tool)
        self._runs[run.id] = run
        self._forget_the_oldest()
        threading.Thread(target=self._work, args=(run, step, arguments), name=f"tool {tool}", daemon=True).start()
        return run

    def get(self, run_id: Any) -> Run:
        """Return a run.

        Raises:
            LeakdocError: there is none of this id.
        """
        found = self._runs.get(run_id) if isinstance(run_id, str) else None
        if found is None:
            raise LeakdocError("there is no run of that id")
        return found

    def cancel_all(self) -> None:
        """Tell every run to stop."""
        for run in self._runs.values():
            run.cancelled.set()

    def _work(self, run: Run, step: Step, arguments: Mapping[str, Any]) -> None:
        def heard(text: str) -> None:
            run.progress = text

        ctx = StepContext(directory=self._directory, cancelled=run.cancelled, progress=heard)
        try:
            result = run_step(step, arguments, ctx)
        except LeakdocError as error:
            result = StepResult(step=step.name, outcome=Outcome.ERROR, reason=error.message)
        finally:
            self._slots.release()
        run.document = step_result_document(result)
        run.ended.set()

    def _forget_the_oldest(self) -> None:
        ended = [each.id for each in self._runs.values() if each.ended.is_set()]
        for run_id in ended[: max(0, len(self._runs) - KEPT)]:
            del self._runs[run_id]
