"""Where playbooks come from: a file, or a package that offers some (entry-point group ``leakdoc.playbooks``)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from leakdoc.errors import UnreadableSource, UsageError
from leakdoc.playbook.yaml_reading import LARGEST
from leakdoc.redact import inert

GROUP: Final = "leakdoc.playbooks"
SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A playbook's text and where it came from.

    Args:
        name: the file's name without its suffix.
        origin: the path, or the distribution that offers it.
        path: null for one that comes with a package.
    """

    name: str
    origin: str
    text: str
    path: Path | None = None


def offered() -> Iterator[Source]:
    """Yield the playbooks that installed packages offer, by package and name."""
    for point in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        origin = point.dist.name if point.dist is not None else point.name
        for file in sorted(resources.files(point.value).iterdir(), key=lambda each: each.name):
            if file.name.endswith(SUFFIXES):
                text = file.read_text(encoding="utf-8")
                yield Source(name=file.name.rpartition(".")[0], origin=origin, text=text)


def find(name: str) -> Source:
    """Return a playbook by its name, or from its file: what has a suffix or a slash is a file.

    Raises:
        UsageError: no playbook has this name.
        UnreadableSource: the file is missing, not permitted, too large, or not text.
    """
    if name.endswith(SUFFIXES) or "/" in name or "\\" in name:
        return from_file(Path(name))
    known = {each.name: each for each in offered()}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    told = f"Did you mean {near[0]}?" if near else "`leakdoc playbook list` shows what there is; a file ends in .yaml."
    raise UsageError(f"no such playbook: {inert(name)!r}", help=told)


def from_file(path: Path) -> Source:
    """Read a playbook's file.

    Raises:
        UnreadableSource: the file is missing, not permitted, too large, or not text.
    """
    shown = inert(str(path))
    try:
        if not path.is_file():
            raise UnreadableSource(f"cannot read {shown}: " + ("not a file" if path.exists() else "no such file"))
        if path.stat().st_size > 4 * LARGEST:
            raise UnreadableSource(f"{shown} is larger than {4 * LARGEST // 2**20} MiB")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UnreadableSource(f"cannot read {shown}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableSource(f"{shown} is not text in UTF-8") from None
    return Source(name=path.name.rpartition(".")[0], origin=str(path), text=text, path=path)
