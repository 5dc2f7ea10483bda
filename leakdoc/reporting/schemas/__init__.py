"""The JSON Schemas (draft 2020-12) of the documents that leakdoc writes, one file each."""

from __future__ import annotations

from importlib import resources
from typing import Final

_SUFFIX: Final = ".json"


def names() -> tuple[str, ...]:
    """Return the names of all schemas, sorted."""
    files = (each.name for each in resources.files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)))


def schema_text(name: str) -> str:
    """Return the text of one schema.

    Args:
        name: one of `names`.

    Raises:
        FileNotFoundError: there is no such schema.
    """
    return resources.files(__name__).joinpath(f"{name}{_SUFFIX}").read_text(encoding="utf-8")
