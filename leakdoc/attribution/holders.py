"""What keeps it alive: the containers and types that grew, with the way to each, and what they say of lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from leakdoc.attribution.folding import Frame, user_frame
from leakdoc.attribution.hops import hops_of, path_words
from leakdoc.attribution.inside import Inside
from leakdoc.attribution.ranking import Evidence
from leakdoc.model.heap import Holder
from leakdoc.redact import inert

_LEAST_SHARE: Final = 0.02  # of the heaviest growth: below that a container is beside the point
_LEAST_OBJECTS: Final = 8  # a type whose number grew by less has grown by chance
_MOST: Final = 12


def holders_of(inside: Inside) -> tuple[Holder, ...]:
    """Return the containers that grew to the last, the heaviest first; then the types that none of them explains."""
    containers = [_container(told, length) for told, length in _told(inside) if _grew_on(told, length)]
    heaviest = max((holder.grew_bytes or 0.0 for holder in containers), default=0.0)
    kept = [holder for holder in containers if (holder.grew_bytes or 0.0) >= _LEAST_SHARE * heaviest]
    kept.sort(key=lambda holder: -(holder.grew_bytes or 0.0))
    return (*kept[:_MOST], *_types(inside, kept)[: _MOST // 2])


def evidence_of(inside: Inside) -> Evidence:
    """Return which lines made the items of containers that grew, and of those that keep their length and turn over."""
    growing: dict[Frame, str] = {}
    turning: dict[Frame, str] = {}
    for position, (told, length) in enumerate(_told(inside)):
        made_by = inside.made_by[position] if position < len(inside.made_by) else []
        words = _words(told)
        for frame in filter(None, map(user_frame, made_by)):
            (growing if _grew_on(told, length) else turning).setdefault(frame, words)
    return Evidence(growing=growing, turning=turning)


def bytes_grown(inside: Inside) -> float:
    """Return what all containers that grew to the last have grown by in the window without tracing."""
    return sum(float(told["grew_bytes"]) for told, length in _told(inside) if _grew_on(told, length))


def _told(inside: Inside) -> Iterator[tuple[Mapping[str, Any], int | None]]:
    for position, told in enumerate(inside.look.get("holders", ())):
        yield told, inside.lengths[position] if position < len(inside.lengths) else None


def _grew_on(told: Mapping[str, Any], length: int | None) -> bool:
    """Say whether a container grew between the looks and went on in the traced window, where there was one."""
    lengths = told["lengths"]
    grew = len(lengths) > 1 and lengths[-1] > lengths[0]
    return grew and (length is None or length > lengths[-1])


def _container(told: Mapping[str, Any], length: int | None) -> Holder:
    lengths = told["lengths"]
    return Holder(
        path=hops_of(told["path"]),
        type=inert(str(told["type"])),
        count=lengths[-1] if length is None else length,
        grew=lengths[-1] - lengths[0],
        grew_bytes=float(told["grew_bytes"]),
        item=None if told["item"] is None else inert(str(told["item"])),
    )


def _words(told: Mapping[str, Any]) -> str:
    path = hops_of(told["path"])
    return path_words(path[-2:]) if len(path) > 1 else path_words(path)


def _types(inside: Inside, containers: Sequence[Holder]) -> list[Holder]:
    """The types that grow in number and are no item of a container that is listed already."""
    counts = {each["type"]: each["counts"] for each in inside.look.get("types", ())}
    known = {holder.item for holder in containers}
    found = []
    for told in inside.look.get("instances", ()):
        series = counts.get(told["type"], [0, 0])
        grew = series[-1] - series[0]
        if grew >= _LEAST_OBJECTS and told["type"] not in known and not _is_builtin(told["type"]):
            path = () if told["path"] is None else hops_of(told["path"])
            found.append(Holder(path=path, type=inert(str(told["type"])), count=series[-1], grew=grew))
    return found


def _is_builtin(name: str) -> bool:
    return name in _BUILTIN or name.startswith(("weakref.", "_thread.", "_contextvars."))


_BUILTIN: Final = frozenset(
    {"tuple", "list", "dict", "set", "frozenset", "slice", "type", "collections.Counter", "function", "method", "cell"}
    | {"frame", "traceback", "generator", "coroutine", "builtin_function_or_method", "method-wrapper"}
    | {"wrapper_descriptor", "getset_descriptor", "member_descriptor"}
)
