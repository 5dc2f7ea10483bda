"""What is said of lines and kinds of memory by what was measured: pure rules, no process in sight."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from leakdoc.attach.outside import Outside
from leakdoc.attribution.advice import advice_without_a_line
from leakdoc.attribution.folding import Frame, user_frame
from leakdoc.attribution.inside import Inside, InsidePlan, Native, affordable
from leakdoc.attribution.kinds import Growths, kind_of
from leakdoc.attribution.ranking import Evidence, ranked
from leakdoc.attribution.reporting import needs_native, report_of
from leakdoc.attribution.windows import Kept, Rate
from leakdoc.model.heap import HeapReport, MemoryKind
from leakdoc.sampling.target import resolve_process

NOTHING_SEEN = Evidence(growing={}, turning={})
MIB = 1 << 20


def rate(line: int, bytes_per_s: float) -> Rate:
    return Rate(frame=Frame("/srv/app.py", line), bytes_per_s=bytes_per_s, count_per_s=1.0, steadiness=1.0)


def test_a_line_that_made_far_more_than_stayed_of_everything_is_set_aside() -> None:
    lines, aside = ranked([rate(1, MIB), rate(2, 20_000)], NOTHING_SEEN, 4.0, most_kept=25_000)
    assert [line.line for line in lines] == [2]
    assert [line.line for line in aside] == [1]
    assert "far more than memory in use has grown" in aside[0].why


def test_it_is_not_set_aside_where_what_keeps_it_grows_or_nothing_is_known_of_the_whole() -> None:
    seen = Evidence(growing={Frame("/srv/app.py", 1): "list kept"}, turning={})
    assert [line.line for line in ranked([rate(1, MIB)], seen, 4.0, most_kept=25_000)[0]] == [1]
    assert [line.line for line in ranked([rate(1, MIB)], NOTHING_SEEN, 4.0)[0]] == [1]


def test_a_cache_that_turns_over_is_no_growth_of_python() -> None:
    kind, why = kind_of(Growths(rss=0.0, in_use=4_000.0, free=0.0, python=4_000.0))
    assert kind is MemoryKind.UNKNOWN
    assert "hardly anything grew" in why


def test_what_is_mapped_past_malloc_is_called_so_and_how_to_go_on_is_told() -> None:
    mapped = Growths(rss=8.0 * MIB, anon=8.0 * MIB, in_use=4_000.0, free=0.0, python=0.0)
    kind, why = kind_of(mapped)
    assert kind is MemoryKind.NATIVE and "anonymous mappings grow" in why
    assert "sys_enter_mmap /pid == 7/" in advice_without_a_line(kind, mapped, 7)[0]
    taken = replace(mapped, in_use=8.0 * MIB)
    kind, why = kind_of(taken)
    assert kind is MemoryKind.NATIVE and "mappings" not in why
    assert "malloc" in advice_without_a_line(kind, taken, 7)[0]
    assert kind_of(replace(mapped, python=7.0 * MIB))[0] is MemoryKind.PYTHON
    assert "mappings" not in kind_of(replace(mapped, in_use=None))[1]
    assert advice_without_a_line(MemoryKind.PYTHON, mapped, 7) == ()


def test_a_slow_leak_that_was_counted_item_by_item_is() -> None:
    kind, _ = kind_of(Growths(rss=0.0, in_use=60_000.0, python=50_000.0, containers=50_000.0))
    assert kind is MemoryKind.PYTHON


def test_the_traces_take_what_the_room_allows_and_none_where_it_is_little_or_unknown() -> None:
    plan = InsidePlan(traced_s=4.0)
    assert affordable(plan, 10_000 * MIB, accept_oom_risk=False) == plan
    some = affordable(plan, 90 * MIB, accept_oom_risk=False)
    assert (some.traced_s, some.most_bytes) == (4.0, 22 * MIB)
    for room in (30 * MIB, None):
        none = affordable(plan, room, accept_oom_risk=False)
        assert none.traced_s == 0
        assert none.why_untraced is not None
        assert affordable(plan, room, accept_oom_risk=True) == plan


def outside(at_s: float, rss: int) -> Outside:
    return Outside(at_s=at_s, rss=rss, anon=rss, file=0, shared=0, page_tables=None, threads=1, swap=0)


def test_what_is_free_and_kept_is_fragmentation_and_no_line_is_held_against_it() -> None:
    marks = [outside(0.0, 100 * MIB), outside(6.0, 103 * MIB)]
    busy = [Kept((Frame("/srv/app.py", 7),), 4.0 * MIB * second, second) for second in (0.0, 2.0, 4.0)]
    inside = Inside(
        counters=[{"heap_bytes": 80 * MIB, "malloc_free_bytes": free * MIB} for free in (10, 13)],
        counted_at=[0.0, 6.0],
        times_s=[0.0, 2.0, 4.0],
        looks=[[each] for each in busy],
        untraced_s=6.0,
        native=Native(lengths_s=(2.0, 4.0), windows=([busy[1]], [busy[2]])),
    )
    assert needs_native(marks, inside) == (False, "not needed: what is in use does not grow")
    report = report_of(resolve_process(str(os.getpid())), outside=marks, inside=inside, rungs=(), touched=())
    assert report.kind_of_memory is MemoryKind.FRAGMENTATION
    assert report.lines == ()


def test_a_few_results_in_the_place_of_others_are_held_against_no_line_and_a_longer_look_is_advised() -> None:
    marks = [outside(0.0, 100 * MIB), outside(6.0, 100 * MIB)]
    told = [_told_of(marks, allocations) for allocations in (3.0, 300.0)]
    assert [len(report.lines) for report in told] == [0, 1]
    assert all("--for 1m" in report.advice[-1] for report in told)
    assert "likeliest" not in told[0].reason


def _told_of(marks: list[Outside], allocations: float) -> HeapReport:
    """Report on a line that keeps 6 kB a second, in so many pieces, while all that is in use grows by as much."""
    looks = [
        [Kept((Frame("/srv/app.py", 7),), 6_000.0 * second, allocations * second / 4)] for second in (0.0, 2.0, 4.0)
    ]
    inside = Inside(
        counters=[{"heap_bytes": 80 * MIB}, {"heap_bytes": 80 * MIB + 36_000}],
        counted_at=[0.0, 6.0],
        times_s=[0.0, 2.0, 4.0],
        looks=looks,
        untraced_s=6.0,
    )
    return report_of(resolve_process(str(os.getpid())), outside=marks, inside=inside, rungs=(), touched=())


@pytest.mark.parametrize(
    ("files", "shown"),
    [
        (("<string>", "/srv/app.py", "<frozen runpy>"), "/srv/app.py"),  # a dataclass's __init__
        (("<attrs generated init app.Order>", "/x/site-packages/attr/_make.py", "/srv/app.py"), "/srv/app.py"),
        (("/usr/lib/python3.11/json/decoder.py", "<string>"), "<string>"),  # python -c
        (("<stdin>", "/srv/app.py"), "<stdin>"),
        (("<ipython-input-3-1>", "/x/site-packages/IPython/core.py"), "<ipython-input-3-1>"),
        (("/x/site-packages/a.py", "/usr/lib/python3.11/b.py"), "/x/site-packages/a.py"),
    ],
)
def test_generated_code_is_folded_into_the_line_of_a_file_that_called_it(files: tuple[str, ...], shown: str) -> None:
    found = user_frame([Frame(file, place) for place, file in enumerate(files, start=1)])
    assert found is not None
    assert found.file == shown
