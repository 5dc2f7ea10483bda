"""What the rungs have found, put together: the kind of memory, the lines, what keeps them, and the share explained."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from leakdoc.attach.outside import Outside
from leakdoc.attribution.advice import advice_on, advice_without_a_line
from leakdoc.attribution.functions import function_at
from leakdoc.attribution.holders import bytes_grown, evidence_of, holders_of
from leakdoc.attribution.inside import Inside, Native, slowdown
from leakdoc.attribution.kinds import Growths, kind_of
from leakdoc.attribution.ranking import NOISE_PER_S, explained_share, ranked
from leakdoc.attribution.windows import Rate, rates_of_looks, rates_of_windows
from leakdoc.model.heap import HeapReport, LineGrowth, MemoryKind, Rung
from leakdoc.sampling.process import Target

_NOTICEABLE: Final = 256 * 1024  # bytes of growth in a window, below which a share of it would mean nothing
_LEAST_SHARE: Final = 0.01  # of the measured growth: a line that made less explains nothing
_ENOUGH: Final = 0.5  # half of the growth explained by Python's own lines: native ones are not looked for
_SEVERAL: Final = 8  # allocations: where hardly anything grew, fewer may be one result in the place of another
_LONGER: Final = 10  # times as long, to see a leak that is slower
_UNTOUCHED: Final = "nothing (read /proc)"
Lines = tuple[LineGrowth, ...]


def report_of(
    target: Target,
    *,
    outside: Sequence[Outside],
    inside: Inside | None,
    rungs: Sequence[Rung],
    touched: Sequence[str],
    advice: Sequence[str] = (),
    requests_per_s: float | None = None,
) -> HeapReport:
    """Put a report together.

    Args:
        outside: readings before and after the window without tracing.
        inside: what was told from inside; null where nobody could be asked.
        requests_per_s: served in the same window; null when unknown.
    """
    span_s = outside[1].at_s - outside[0].at_s
    growths = growths_of(outside, inside, _python_lines(inside))
    kind, why = kind_of(growths)
    measured = _measured(growths, span_s)
    grown_per_s = max(growths.rss, growths.in_use or 0.0) / span_s if span_s > 0 else 0.0
    lines, aside = _lines(target, inside, grown_per_s)
    lines = tuple(line for line in lines if _is_worth_telling(line, measured, grown_per_s))
    if kind is MemoryKind.FRAGMENTATION:  # what was made meanwhile has taken the place of what went
        lines = tuple(line for line in lines if line.held_by is not None)
    explained = explained_share(lines, measured)
    return HeapReport(
        subject=target.subject,
        kind_of_memory=kind,
        reason=_reason(why, lines, explained),
        explained=explained,
        lines=lines,
        holders=() if inside is None else holders_of(inside),
        rungs=tuple(rungs),
        growth=_per_second(growths, span_s),
        set_aside=aside,
        advice=(
            *advice,
            *advice_on(kind, growths, outside[1].threads),
            *(() if lines else advice_without_a_line(kind, growths, target.pid)),
            *_look_longer(target, kind, measured, span_s),
        ),
        touched=", ".join(touched) or _UNTOUCHED,
        window_s=span_s,
        requests_per_s=requests_per_s,
    )


def _is_worth_telling(line: LineGrowth, measured: float | None, grown_per_s: float) -> bool:
    """Say whether a line explains something.

    Where hardly anything grew, either what keeps it was seen, or it was made several times, and is no more than has
    grown, give or take.
    """
    if measured is None:
        is_noise = line.grew_count is not None and line.grew_count < _SEVERAL
        return line.held_by is not None or (not is_noise and NOISE_PER_S <= line.bytes_per_s <= 2 * grown_per_s)
    return line.bytes_per_s >= _LEAST_SHARE * measured


def _look_longer(target: Target, kind: MemoryKind, measured: float | None, span_s: float) -> list[str]:
    """Say what to do where nothing is known yet because hardly anything has grown."""
    if kind is not MemoryKind.UNKNOWN or measured is not None:
        return []
    minutes = math.ceil(_LONGER * span_s / 60)
    return [f"a leak that is slower shows in a longer look: leakdoc heap {target.pid} --for {max(minutes, 1)}m"]


def growths_of(outside: Sequence[Outside], inside: Inside | None, lines: Lines) -> Growths:
    """Return what grew in the window without tracing, as far as that was measured."""
    first, last = outside[0], outside[1]
    grown = Growths(
        rss=float(last.rss - first.rss),
        anon=_between(first.anon, last.anon),
        file=_between(first.file, last.file),
        shared=_between(first.shared, last.shared),
    )
    if inside is None or len(inside.counters) < 2:
        return grown
    before, after = inside.counters[0], inside.counters[1]
    in_use = _between(_number(before, "heap_bytes"), _number(after, "heap_bytes"))
    traced = sum(line.bytes_per_s for line in lines) * inside.untraced_s
    containers = bytes_grown(inside)
    return replace(
        grown,
        in_use=in_use,
        free=_between(_free(before), _free(after)),
        free_now=_free(after),
        in_use_now=_number(after, "heap_bytes"),
        python=max(containers, traced if in_use is None else min(traced, max(in_use, 0.0))),
        containers=containers,
    )


def _lines(target: Target, inside: Inside | None, grown_per_s: float) -> tuple[Lines, Lines]:
    if inside is None or len(inside.looks) < 2:
        return (), ()
    evidence, window_s = evidence_of(inside), inside.times_s[-1] - inside.times_s[0]
    kept = most_kept(inside)
    lines, aside = ranked(_rates(inside), evidence, window_s, most_kept=kept)
    if inside.native is not None:
        most = None if kept is None else max(kept, grown_per_s)  # mappings of their own are in no allocator's count
        native, native_aside = ranked(
            _native_rates(inside.native), evidence, sum(inside.native.lengths_s), most_kept=most
        )
        lines, aside = _joined(lines, native), _joined(aside, native_aside)
    root = f"/proc/{target.pid}/root"
    return _named(lines, root), _named(aside, root)


def _python_lines(inside: Inside | None) -> Lines:
    if inside is None or len(inside.looks) < 2:
        return ()
    window_s = inside.times_s[-1] - inside.times_s[0]
    return ranked(_rates(inside), evidence_of(inside), window_s, most_kept=most_kept(inside))[0]


def most_kept(inside: Inside) -> float | None:
    """Return the fastest that what the allocators gave out has grown between two readings, in bytes a second."""
    in_use = [_number(counters, "heap_bytes") for counters in inside.counters]
    steps = itertools.pairwise(zip(inside.counted_at, in_use, strict=True))
    rates = [
        (now - then) / (now_s - then_s)
        for (then_s, then), (now_s, now) in steps
        if then is not None and now is not None and now_s > then_s
    ]
    return max(rates, default=None)


def _native_rates(native: Native) -> list[Rate]:
    return rates_of_windows(native.lengths_s, native.windows)


def _joined(traced: Lines, native: Lines) -> Lines:
    """Put both lists together, a line by the larger of its rates: memray sees what tracemalloc sees, and more."""
    best: dict[tuple[str, int], LineGrowth] = {}
    for line in (*traced, *native):
        known = best.get((line.file, line.line))
        if known is None or line.bytes_per_s > known.bytes_per_s:
            best[line.file, line.line] = line
    return tuple(sorted(best.values(), key=lambda line: -line.bytes_per_s * (1.0 if line.held_by else 0.7)))


def needs_native(outside: Sequence[Outside], inside: Inside) -> tuple[bool, str]:
    """Say whether lines that allocate native memory are worth a rung more, and why."""
    growths = growths_of(outside, inside, _python_lines(inside))
    measured = _measured(growths, outside[1].at_s - outside[0].at_s)
    if measured is None:
        return False, "hardly anything grew while it was looked at"
    if kind_of(growths)[0] is MemoryKind.FRAGMENTATION:
        return False, "not needed: what is in use does not grow"
    explained = (growths.python or 0.0) / (measured * (outside[1].at_s - outside[0].at_s))
    if explained >= _ENOUGH:
        return False, f"not needed: Python's own objects account for {min(explained, 1.0):.0%} of the growth"
    return True, f"Python's own objects account for only {explained:.0%} of the growth"


def _named(lines: Lines, root: str) -> Lines:
    return tuple(
        replace(each, function=each.function or function_at(each.file, each.line, root=root)) for each in lines
    )


def _rates(inside: Inside) -> list[Rate]:
    factor = slowdown(inside)
    rates = rates_of_looks(inside.times_s, inside.looks)
    return [
        replace(rate, bytes_per_s=rate.bytes_per_s * factor, count_per_s=rate.count_per_s * factor) for rate in rates
    ]


def _free(counters: Mapping[str, Any]) -> float | None:
    parts = [_number(counters, name) for name in ("malloc_free_bytes", "pymalloc_free_bytes")]
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _number(counters: Mapping[str, Any], name: str) -> float | None:
    value = counters.get(name)
    return float(value) if isinstance(value, int | float) else None


def _between(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else float(after - before)


def _measured(growths: Growths, span_s: float) -> float | None:
    grown = max(growths.rss, growths.in_use or 0.0)
    return grown / span_s if span_s > 0 and grown >= _NOTICEABLE else None


def _per_second(growths: Growths, span_s: float) -> dict[str, float]:
    values = {
        "rss_bytes": growths.rss,
        "anon_bytes": growths.anon,
        "file_bytes": growths.file,
        "shared_bytes": growths.shared,
        "heap_bytes": growths.in_use,
        "free_bytes": growths.free,
    }
    return {name: value / span_s for name, value in values.items() if value is not None and span_s > 0}


def _reason(why: str, lines: Lines, explained: float | None) -> str:
    if not lines:
        return why
    first = lines[0]
    share = "" if explained is None else f"; the lines listed explain {explained:.0%} of the growth"
    return f"{why}; likeliest {first.file}:{first.line}{share}"
