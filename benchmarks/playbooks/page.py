"""The figures as a page of the documentation: what was asked for, and what was reached, beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.playbooks.measuring import Figures
from benchmarks.playbooks.struggling import Taught


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured on a set of incidents.

    Args:
        rows: each incident's figures, with the share that others of its class cover, and that labels would.
        taught: what those that struggled taught the others.
        layouts: how many incidents gave one playbook out of every layout, and of how many.
    """

    name: str
    rows: Sequence[tuple[Figures, float | None, float | None]]
    taught: Sequence[Taught]
    layouts: tuple[int, int]

    def mean(self, figure: str) -> float:
        """Return the mean of one figure over the incidents."""
        return sum(getattr(row, figure) for row, _, _ in self.rows) / len(self.rows)

    @property
    def left_out(self) -> list[float]:
        """What the others of its class cover of each incident that has any."""
        return [share for _, share, _ in self.rows if share is not None]


def page(sets: Sequence[Measured], *, where: str) -> str:
    """Return the page.

    Args:
        where: one sentence on the machine and its load.
    """
    names = [f"{each.name} ({len(each.rows)})" for each in sets]
    lines = [
        "# Playbooks out of incidents, measured",
        "",
        "Written by `python -m benchmarks.playbooks --page docs/benchmarks/playbooks.md` (`--data DIR` for incidents",
        f"of your own with their truth; `--verbose` names what was missed). {where} Figures are means over the",
        "incidents, after the rules were fitted to them; [records](../records.md) has what was measured before that.",
        "",
        f"| figure | target | {' | '.join(names)} |",
        f"|---|---|{'---|' * len(names)}",
        *(f"| {figure} | {target} | {' | '.join(reached)} |" for figure, target, reached in _rows(sets)),
        "",
        "Byte-identical output under twenty hash seeds and in every order is held by `make soak`.",
    ]
    return "\n".join(lines) + "\n"


def _rows(sets: Sequence[Measured]) -> Iterator[tuple[str, str, list[str]]]:
    def each(told) -> list[str]:  # type: ignore[no-untyped-def]
        return [told(one) for one in sets]

    yield "essential steps covered by their own playbook", "0.95", each(lambda one: f"{one.mean('covered'):.3f}")
    yield "covered by the others of the class, mean (least)", "0.85", each(_left_out)
    yield "the same of step kinds labelled by hand", "within 0.05", each(_labelled)
    yield "steps that trace back to an essential event", "0.90", each(lambda one: f"{one.mean('precision'):.3f}")
    yield "changes told as what they were", "all", each(lambda one: f"{one.mean('changes_right'):.3f}")
    yield "dead ends left out", "0.90", each(lambda one: f"{one.mean('dead_ends_out'):.3f}")
    yield "parameters found", "0.95", each(lambda one: f"{one.mean('parameters'):.3f}")
    yield "of those found, true", "0.90", each(lambda one: f"{one.mean('parameters_precision'):.3f}")
    yield "secrets and literals that survive", "0", each(lambda one: str(sum(len(r.survivors) for r, _, _ in one.rows)))
    yield "the same playbook out of every layout", "all", each(_layouts)
    yield "an incident that struggled, once it was learnt from: least covered", "0.95", each(_after)
    yield "earlier incidents covered less by that", "0", each(_worse)


def _left_out(one: Measured) -> str:
    shares = one.left_out
    return f"{sum(shares) / len(shares):.3f} ({min(shares):.2f})" if shares else "no two of a class"


def _labelled(one: Measured) -> str:
    shares = [share for _, _, share in one.rows if share is not None]
    return f"{sum(shares) / len(shares):.3f}" if shares else "no two of a class"


def _layouts(one: Measured) -> str:
    return f"{one.layouts[0]} of {one.layouts[1]}" if one.layouts[1] else "–"


def _after(one: Measured) -> str:
    if not one.taught:
        return "none struggled"
    before = sum(each.before for each in one.taught) / len(one.taught)
    of = f"{len({each.name for each in one.taught})} incidents, {len(one.taught)} pairs"
    return f"{min(each.after for each in one.taught):.2f} ({before:.2f} before; {of})"


def _worse(one: Measured) -> str:
    return str(sum(each.worse for each in one.taught)) if one.taught else "–"


def by_incident(found: Iterable[Taught]) -> Iterator[str]:
    """Yield a line for each incident that struggled."""
    names: dict[str, list[Taught]] = {}
    for each in found:
        names.setdefault(each.name, []).append(each)
    for name, pairs in sorted(names.items()):
        before, after = (sum(getattr(each, part) for each in pairs) / len(pairs) for part in ("before", "after"))
        least, worse = min(each.after for each in pairs), sum(each.worse for each in pairs)
        yield f"  {name[:44]:44} {before:.2f} -> {after:.2f} (least {least:.2f}), {worse} of {len(pairs)} others worse"
