"""What is said of lines and kinds of memory by what was measured: pure rules, no process in sight."""

from __future__ import annotations

from leakdoc.attribution.folding import Frame
from leakdoc.attribution.inside import InsidePlan, affordable
from leakdoc.attribution.kinds import Growths, kind_of
from leakdoc.attribution.ranking import Evidence, ranked
from leakdoc.attribution.windows import Rate
from leakdoc.model.heap import MemoryKind

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
