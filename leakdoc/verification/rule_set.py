"""Which rules judge here: a digest of the code that does, as one version of leakdoc may have known several."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[1]
_JUDGE: Final = ("verification", "detection", "model", "units.py")


@cache
def rule_set() -> str | None:
    """Return the digest; null where the sources are not there to be read."""
    digest = sha256()
    try:
        for path in sorted(path for name in _JUDGE for path in _sources(_ROOT / name)):
            digest.update(f"{path.relative_to(_ROOT).as_posix()}\n".encode())
            digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    except OSError:
        return None
    return digest.hexdigest()[:16]


def _sources(place: Path) -> list[Path]:
    found = list(place.rglob("*.py")) if place.is_dir() else [place]
    if not found:
        raise FileNotFoundError(place)
    return found
