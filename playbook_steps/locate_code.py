"""``leakdoc.locate_code``: the places in the repository that the lines and openers of a capture stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Annotated, Any, Final

from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step

_SKIPPED: Final = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", "site-packages"})
_MOST: Final = 20


@step("leakdoc.locate_code", effect="read", timeout_s=60, outputs=("places",))
def locate_code(
    ctx: StepContext,  # noqa: ARG001  (the contract's first argument)
    *,
    source: Annotated[Path | None, Param(help="the directory where the service's code is")] = None,
    heap: Annotated[Any, Param(help="lines, as capture_heap says")] = None,
    openers: Annotated[Any, Param(help="places that opened connections, as find_unclosed_connections says")] = None,
) -> StepResult:
    """Map the lines that leak, and the places that opened what nobody closes, to files of the repository."""
    found = [*_mentioned(openers), *_mentioned(heap)]
    files = [] if source is None else list(_sources(source))
    places = [_place(each, source, files) for each in found]
    known = [place for place in places if place["path"] is not None]
    chosen = _once(known or places)[:_MOST]
    return StepResult(
        outcome=Outcome.PASSED if chosen else Outcome.INCONCLUSIVE,
        reason=_reason(chosen, known=bool(known), source=source),
        outputs={"places": list[Any](chosen)},
    )


def _mentioned(value: Any) -> Iterator[Mapping[str, Any]]:
    for each in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
        if isinstance(each, Mapping) and each.get("file") and each.get("line"):
            yield each


def _sources(source: Path) -> Iterator[PurePath]:
    for path in sorted(source.rglob("*.py")):
        below = path.relative_to(source)
        if not _SKIPPED & set(below.parts):
            yield below


def _place(line: Mapping[str, Any], source: Path | None, files: Sequence[PurePath]) -> dict[str, Any]:
    """Find the file of the repository that ends as the line's file does, by the longest common end."""
    parts = PurePath(str(line["file"])).parts
    best = max(files, key=lambda each: _common_end(each.parts, parts), default=None)
    length = 0 if best is None else _common_end(best.parts, parts)
    rivals = [each for each in files if _common_end(each.parts, parts) == length]
    path = str(best) if best is not None and length > 0 and len(rivals) == 1 else None
    exists = path is not None and source is not None
    return {
        "path": path,
        "file": str(line["file"]),
        "line": int(line["line"]),
        "function": line.get("function"),
        "text": _text(source / path, int(line["line"])) if exists and source is not None and path is not None else None,
    }


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    length = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        length += 1
    return length


def _text(path: Path, number: int) -> str | None:
    try:
        if not path.is_file():
            return None
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return lines[number - 1].strip()[:200] if 0 < number <= len(lines) else None


def _once(places: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(place["path"] or place["file"], place["line"]): place for place in reversed(places)}.values())[::-1]


def _reason(places: Sequence[dict[str, Any]], *, known: bool, source: Path | None) -> str:
    if not places:
        return "no line and no opener was given, so there is nothing to locate"
    first = places[0]
    where = f"{first['path'] or first['file']}:{first['line']}"
    if known:
        return f"the likeliest place is {where}"
    missing = "no source was given" if source is None else "none of the lines is in the source"
    return f"{missing}; as the process names it, the likeliest place is {where}"
