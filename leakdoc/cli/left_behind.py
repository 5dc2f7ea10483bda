"""What a command of ours has left behind in sessions of its own: its environment has a mark that it inherited."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import psutil

_NAME: Final = "LEAKDOC_COMMAND"


def marked() -> dict[str, str]:
    """Return a variable that no other command has, for the environment of one."""
    return {_NAME: secrets.token_hex(8)}


def end_left_behind(mark: dict[str, str], grace_s: float) -> None:
    """Ask all that has the mark to end, and end what has not in time: it would hold open what it writes to."""
    import psutil

    left = _having(mark[_NAME])
    for each in left:
        with contextlib.suppress(psutil.Error):
            each.terminate()  # which makes sure that it is still the same process
    _, stubborn = psutil.wait_procs(left, grace_s)
    for each in stubborn:
        with contextlib.suppress(psutil.Error):
            each.kill()


def _having(mark: str) -> list[psutil.Process]:
    import psutil

    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # another user's, or gone
            if each.environ().get(_NAME) == mark:
                found.append(each)
    return found
