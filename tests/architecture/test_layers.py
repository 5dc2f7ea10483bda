"""Each room imports only rooms to its left, and no module is part of a cycle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "leakdoc"

ROOMS = {
    "errors": set(),
    "units": {"errors"},
    "redact": {"errors"},
    "_version": set(),
    "small_files": set(),
    "model": {"errors", "units", "redact"},
    "sampling": {"model"},
    "attach": {"sampling", "model"},
    "detection": {"sampling", "model"},
    "attribution": {"attach", "detection", "sampling", "model"},
    "verification": {"detection", "sampling", "model"},
    "playbook": {"model"},
    "reporting": {"model"},
    "agent": set(),
}
EVERYTHING = {"cli", "testing", "pytest_plugin", "demo", "__main__", "__init__"}
GROUND = {"errors", "units", "redact", "_version", "small_files"}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> set[str]:
    """The leakdoc modules that a file names in imports; type-checking blocks are left out, functions are not."""
    tree = ast.parse(path.read_text())
    found: set[str] = set()
    for node in _reachable(tree):
        if isinstance(node, ast.Import):
            found.update(
                alias.name for alias in node.names if alias.name.split(".")[0] in ("leakdoc", "playbook_steps")
            )
        elif (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] in ("leakdoc", "playbook_steps")
        ):
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def _reachable(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _reachable(child)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize(("module", "path"), [pytest.param(*each, id=each[0]) for each in modules()])
def test_a_room_imports_only_rooms_to_its_left(module: str, path: Path) -> None:
    room = room_of(module)
    if room in EVERYTHING:
        return
    allowed = ROOMS[room] | {room} | (GROUND if room not in GROUND else set())
    wrong = {each for each in imports(path) if each.startswith("playbook_steps")}
    wrong |= {
        each
        for each in imports(path)
        if each.startswith("leakdoc.") and room_of(each) not in allowed and room_of(each) in ROOMS.keys() | EVERYTHING
    }
    assert not wrong, f"{module} reaches out of its room: {sorted(wrong)}"


def test_every_file_belongs_to_a_room() -> None:
    known = ROOMS.keys() | EVERYTHING
    strange = sorted({room_of(module) for module, _ in modules()} - known)
    assert not strange, f"these have no room in the table above: {strange}"


def test_no_module_is_part_of_an_import_cycle() -> None:
    names = {module for module, _ in modules()}
    graph = {module: imports(path) & names - {module} for module, path in modules()}
    graph = {module: {each for each in seen if not module.startswith(f"{each}.")} for module, seen in graph.items()}
    while leaves := {module for module, seen in graph.items() if not seen}:
        graph = {module: seen - leaves for module, seen in graph.items() if module not in leaves}
    assert not graph, f"these import each other: {sorted(graph)}"


def test_steps_use_the_public_api_only() -> None:
    for path in sorted((ROOT / "playbook_steps").glob("*.py")):
        private = {
            each
            for each in imports(path)
            if each.startswith("leakdoc.") and room_of(each) not in PUBLIC_TO_STEPS and each.count(".") > 1
        }
        assert not private, f"{path.name} reaches into leakdoc: {sorted(private)}"


PUBLIC_TO_STEPS = {"playbook", "model", "errors", "units"}


def test_nothing_imports_the_agent() -> None:
    for module, path in modules():
        assert "leakdoc.agent" not in imports(path), f"{module} imports the agent"
