"""A rollback that is run from a command: said first, shown while it is done."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from leakdoc.cli.output import tell
from leakdoc.cli.watching import held_signals

if TYPE_CHECKING:
    from leakdoc.verification.rollback import Rollback, Serves


def run_rollback(words: list[str], serves: Serves) -> Rollback:
    """Run the rollback, show what it wrote, and see whether the old build serves again."""
    from leakdoc.verification.rollback import roll_back

    tell(f"Rolling back: {shlex.join(words)}")
    with held_signals(lambda: tell("The rollback goes on: half of one is worse than none.")):
        done = roll_back(words, serves)
    for line in done.output.splitlines():
        tell(f"  | {line}")
    return done
