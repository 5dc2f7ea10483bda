"""LeakCanary's rules, for Python: each object on the way to what grows is LEAKING, NOT_LEAKING or UNKNOWN, and why.

The rules are an ordered list; the first that knows decides. Then what leads to something that is rightly there is
rightly there too, and what hangs below something that leaks leaks with it; where two rules disagree both are said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from leakdoc.model.heap import Hop, HopStatus
from leakdoc.redact import inert, without_secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One object on the way, as the agent saw it.

    Args:
        kind: ``module``, ``frame``, ``type`` or ``object``.
        name: of a module, a running function, a class or a function; else null.
        via: the attribute, key or variable by which the one before holds it; null where it was not found.
        length: of a container; else null.
        grows: whether this is what grew.
    """

    kind: str
    name: str | None
    type: str
    via: str | None
    length: int | None
    grows: bool = False


Verdict = tuple[HopStatus, str]
Rule = Callable[[Seen], Verdict | None]
_KEEPERS: Final = frozenset({"traceback", "frame"})
_ERRORS: Final = ("Error", "Exception", "Warning")


def _module(hop: Seen) -> Verdict | None:
    if hop.kind == "module":
        return HopStatus.NOT_LEAKING, "a module lives as long as the process"
    return None


def _frame(hop: Seen) -> Verdict | None:
    if hop.kind == "frame":
        return HopStatus.NOT_LEAKING, "a function that is running"
    return None


def _grows(hop: Seen) -> Verdict | None:
    return (HopStatus.LEAKING, "grew at every look, and never shrank") if hop.grows else None


def _type(hop: Seen) -> Verdict | None:
    if hop.kind == "type":
        return HopStatus.NOT_LEAKING, "a class that can be reached from a root"
    return None


def _function(hop: Seen) -> Verdict | None:
    if hop.type in ("function", "builtin_function_or_method", "functools._lru_cache_wrapper"):
        return HopStatus.NOT_LEAKING, "a function lives as long as what defines it"
    return None


def _error(hop: Seen) -> Verdict | None:
    if hop.type.endswith(_ERRORS) or hop.type in _KEEPERS:
        return HopStatus.LEAKING, "an error that is kept keeps its traceback, its frames and their locals"
    return None


def _unknown(hop: Seen) -> Verdict | None:
    del hop
    return HopStatus.UNKNOWN, "nothing is known of it"


RULES: Final[tuple[Rule, ...]] = (_module, _frame, _grows, _type, _function, _error, _unknown)


def hops_of(path: Sequence[Mapping[str, Any]]) -> tuple[Hop, ...]:
    """Judge the hops of a path as an agent tells it; the last one is what grows."""
    shown = _without_namespaces([_seen(hop, grows=position == len(path) - 1) for position, hop in enumerate(path)])
    verdicts = [next(verdict for rule in RULES if (verdict := rule(hop)) is not None) for hop in shown]
    return tuple(
        Hop(name=_name(hop, position), status=status, reason=reason)
        for position, (hop, (status, reason)) in enumerate(zip(shown, _settled(verdicts), strict=True))
    )


def _seen(hop: Mapping[str, Any], *, grows: bool) -> Seen:
    length = hop.get("length")
    return Seen(
        kind=str(hop["kind"]),
        name=None if hop["name"] is None else str(hop["name"]),
        type=str(hop["type"]),
        via=None if hop["via"] is None else str(hop["via"]),
        length=length if isinstance(length, int) else None,
        grows=grows,
    )


def _settled(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Carry NOT_LEAKING up to the root and LEAKING down to the end."""
    settled = list(verdicts)
    lowest_fine = max((at for at, (status, _) in enumerate(settled) if status is HopStatus.NOT_LEAKING), default=-1)
    for at in range(lowest_fine):
        status, reason = settled[at]
        if status is HopStatus.UNKNOWN:
            settled[at] = HopStatus.NOT_LEAKING, "leads to something that is rightly there"
        elif status is HopStatus.LEAKING:
            settled[at] = HopStatus.NOT_LEAKING, f"leads to something that is rightly there; yet: {reason}"
    highest_leak = next((at for at, (status, _) in enumerate(settled) if status is HopStatus.LEAKING), len(settled))
    for at in range(highest_leak + 1, len(settled)):
        if settled[at][0] is HopStatus.UNKNOWN:
            settled[at] = HopStatus.LEAKING, "hangs below something that leaks"
    return settled


def _without_namespaces(path: Sequence[Seen]) -> list[Seen]:
    """Leave out the dictionaries that only hold a module's, a class's or an object's names."""
    shown: list[Seen] = []
    for position, hop in enumerate(path):
        named = hop.via is not None and hop.via != "__dict__"
        is_namespace = hop.type == "dict" and not named and 0 < position < len(path) - 1
        if not is_namespace:
            shown.append(hop)
    return shown


def _name(hop: Seen, position: int) -> str:
    """Name a hop in words: ``module payments.db``, ``list _open (4,812 items)``."""
    if position == 0:
        return _shown(f"{'running' if hop.kind == 'frame' else hop.kind} {hop.name}")
    words = [str(hop.name) if hop.kind == "type" else hop.type]
    if hop.kind == "type":
        words.insert(0, "class")
    via = hop.via or (hop.name if hop.kind == "object" else None)
    if via and via not in words:
        words.append(via)
    if hop.length is not None:
        words.append(f"({hop.length:,} {'bytes' if hop.type in ('bytearray', '_io.BytesIO') else 'items'})")
    return _shown(" ".join(words))


def _shown(text: str) -> str:
    return without_secrets(inert(text, longest=120))


def path_words(path: Sequence[Hop]) -> str:
    """Write a path in words: ``module payments.db → list _open (4,812 items)``."""
    return " → ".join(hop.name for hop in path)
