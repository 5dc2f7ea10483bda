"""The table of peers kept up to date on standard error: drawn over itself on a terminal, else told at each verdict."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from leakdoc.cli.output import tell

if TYPE_CHECKING:
    from leakdoc.detection.watch import Progress
    from leakdoc.model.trace import Trace

EVERY_S: Final = 1.0
HOME_AND_CLEAR: Final = "\x1b[H\x1b[J"


class LiveTable:
    """Draws the table of a running watch."""

    def __init__(self, trace: Callable[[], Trace]) -> None:
        self._trace = trace
        self._drawn_s: float | None = None
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()

    def show(self, progress: Progress) -> None:
        """Draw, unless that was done only just now."""
        is_due = self._drawn_s is None or progress.elapsed_s - self._drawn_s >= EVERY_S
        if not (is_due if self._is_terminal else progress.is_new):
            return
        self._drawn_s = progress.elapsed_s
        lines = self._lines(progress)
        if self._is_terminal:
            size = shutil.get_terminal_size()
            shown = "\r\n".join(line[: size.columns - 1] for line in lines[: size.lines - 1])
            sys.stderr.write(f"{HOME_AND_CLEAR}{shown}\r\n")
            sys.stderr.flush()
        else:
            tell("\n".join(lines))

    def _lines(self, progress: Progress) -> list[str]:
        from leakdoc.detection.peer_summaries import peer_summaries
        from leakdoc.reporting.connections_screen import verdict_line
        from leakdoc.reporting.peer_table import peer_table
        from leakdoc.units import format_duration

        findings = () if progress.diagnosis is None else progress.diagnosis.findings
        said = "looking" if progress.diagnosis is None else verdict_line(progress.diagnosis)
        return [
            f"{format_duration(progress.elapsed_s)}  {said}",
            "",
            *peer_table(peer_summaries(self._trace(), findings)),
        ]
