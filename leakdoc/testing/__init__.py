"""Fakes and assertions that we ship: a clock, a process, series, and `assert_no_growth`."""

from typing import Any

_PUBLIC = {"Grew": "leakdoc.testing.growth", "assert_no_growth": "leakdoc.testing.growth"}

__all__ = sorted(_PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'leakdoc.testing' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PUBLIC[name]), name)
