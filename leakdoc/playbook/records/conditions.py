"""What several playbooks ask of one step: the stricter holds, and what each asked is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from leakdoc.errors import LeakdocError, UsageError
from leakdoc.units import parse_duration

Data = dict[str, Any]


def with_conditions(step: Data, found: Sequence[Data]) -> Data:
    """Return a step with what all of them expect of it, the approval that ends first, and the longest watch.

    Raises:
        UsageError: what they expect cannot be so at once.
    """
    made = dict(step)
    if expect := _expected(step["id"], found):
        made["expect"] = expect
    for part, name, sooner in _LENGTHS:
        if isinstance(made.get(part), dict):
            made[part] = _with_length(made[part], name, sooner, found, part)
    return made


def told(found: Sequence[Data]) -> Iterator[str]:
    """Yield a note for each condition in which the playbooks differ."""
    for name in sorted({name for step in found for name in step.get("expect", {})}):
        asked = sorted({_words(step["expect"][name]) for step in found if name in step.get("expect", {})})
        if len(asked) > 1:
            yield f"expect {name}: of {' and '.join(asked)} the stricter holds"
    for part, name, _ in _LENGTHS:
        lengths = sorted({str(each) for step in found if (each := _length(step, part, name)) is not None})
        if len(lengths) > 1:
            yield f"{part} {name}: of {' and '.join(lengths)} the stricter holds"


def _expected(step_id: str, found: Sequence[Data]) -> Data:
    expected: Data = {}
    for step in found:
        for name, wanted in step.get("expect", {}).items():
            expected[name] = _both(step_id, name, expected[name], wanted) if name in expected else wanted
    return expected


def _both(step_id: str, name: str, one: Any, other: Any) -> Any:
    """Return what both allow: a list means one of these."""
    if one == other:
        return one
    allowed = other if isinstance(other, list) else [other]
    common = [each for each in (one if isinstance(one, list) else [one]) if each in allowed]
    if not common:
        raise UsageError(
            f"step {step_id} expects {name} to be {_words(one)} in one playbook and {_words(other)} in another",
            help="Both cannot hold: settle by hand what is expected, or keep both playbooks.",
        )
    return common if isinstance(one, list) and isinstance(other, list) else common[0]


def _words(wanted: Any) -> str:
    return " or ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)


def _with_length(part: Data, name: str, choose: Callable[..., str], found: Sequence[Data], of: str) -> Data:
    lengths = [str(each) for step in found if (each := _length(step, of, name)) is not None]
    try:
        return part if not lengths else _put(part, name, choose(sorted(lengths), key=parse_duration))
    except LeakdocError:
        return part  # a reference, which has no length before it is bound


def _length(step: Data, part: str, name: str) -> Any:
    inner = step.get(part)
    if not isinstance(inner, dict):
        return None
    return inner.get(name) if name == "expires" else inner.get("with", {}).get(name)


def _put(part: Data, name: str, value: str) -> Data:
    return {**part, name: value} if name == "expires" else {**part, "with": {**part["with"], name: value}}


_LENGTHS: Final[tuple[tuple[str, str, Callable[..., str]], ...]] = (
    ("approval", "expires", min),
    ("guard", "for", max),
)
