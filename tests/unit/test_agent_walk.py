"""What the agent sees from the roots: the names of modules in every version, and what an item keeps of its own."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator

import pytest

from leakdoc.agent import _item_bytes, _Looks, _Walk


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    made = types.ModuleType("leakdoc_test_module")
    made.__file__ = "/srv/app.py"
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


def test_what_a_module_keeps_is_reached(module: types.ModuleType) -> None:
    module.kept = [[1] * 10]  # type: ignore[attr-defined]
    walk = _Walk(budget_ms=20_000.0, most=10_000_000)
    walk.run()
    assert id(module.kept) in walk.parent
    assert id(module.__dict__) in (id(walk.parent[id(module.kept)][0]), walk.parent[id(module.kept)][1])
    walk.forget()


def test_what_items_share_weighs_once(module: types.ModuleType) -> None:
    shared = bytes(1_000_000)
    module.kept = [[shared, bytes(1_000)] for _ in range(20)]  # type: ignore[attr-defined]
    walk = _Walk(budget_ms=20_000.0, most=10_000_000)
    walk.run()
    assert 1_000 < _item_bytes(walk, module.kept, _Looks()) < 2_000
    walk.forget()
