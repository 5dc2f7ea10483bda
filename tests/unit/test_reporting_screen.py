"""The last screen of a watch, and the line that is kept up to date while it runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leakdoc.model.decision import Decision
from leakdoc.model.diagnosis import Diagnosis, NextCommand, Window
from leakdoc.model.facts import Ending
from leakdoc.model.finding import Finding, Interval
from leakdoc.model.sample import Column
from leakdoc.model.step import Effect
from leakdoc.model.subject import Subject, SubjectKind
from leakdoc.reporting.live import LiveLine, sparkline
from leakdoc.reporting.screen import MOST_LINES, last_screen
from leakdoc.testing.series import made_samples

MIB = 2.0**20

MEMORY = Finding(
    detector="growth",
    metric="rss_bytes",
    decision=Decision.LEAKING,
    reason="resident memory: grows 70 MiB/h (66 to 74), linear for 6 h; limit in 90 min (80 min to 105 min)",
    slope_per_hour=Interval(estimate=70 * MIB, low=66 * MIB, high=74 * MIB),
    time_to_limit_s=Interval(estimate=5_400.0, low=4_800.0, high=6_300.0),
    evidence={"limit": 512 * MIB, "in_words": "grows 70 MiB/h (66 to 74), linear for 6 h"},
)
PEER = Finding(
    detector="unclosed_connections",
    metric="connections",
    decision=Decision.LEAKING,
    reason="412 connections to postgres 10.0.0.5:5432 accumulate, oldest idle 5 h; opener unknown",
)
DIAGNOSIS = Diagnosis(
    subject=Subject(kind=SubjectKind.PROCESS, name="payments", pid=4242),
    decision=Decision.LEAKING,
    reason="both",
    findings=(MEMORY, PEER),
    window=Window(start=0.0, end=600.0, samples=600),
    unavailable={"swap_bytes": "denied"},
    blind_spots=("2 of 8 workers (another user)",),
    next=(NextCommand(argv=("leakdoc", "watch", "4242"), effect=Effect.READ, why="again"),),
    touched="nothing (read /proc and netlink)",
)


def test_what_matters_comes_first_and_everything_has_its_place() -> None:
    assert last_screen(DIAGNOSIS) == [
        "LEAKING  payments pid 4242  resident memory: grows 70 MiB/h (66 to 74), linear for 6 h",
        "OOM in 90 min (80 to 105 min) at limit 512 MiB",
        "412 connections to postgres 10.0.0.5:5432 accumulate, oldest idle 5 h; opener unknown",
        "Not seen: 2 of 8 workers (another user), swap_bytes (denied)",
        "Touched: nothing (read /proc and netlink)",
        "Next: leakdoc watch 4242  # read-only",
    ]


def test_many_findings_still_fit_twelve_lines() -> None:
    many = tuple(replace(PEER, reason=f"peer {number}") for number in range(40))
    lines = last_screen(replace(DIAGNOSIS, findings=(MEMORY, *many)))
    assert len(lines) <= MOST_LINES
    assert any("more findings" in line for line in lines)
    assert lines[-1].startswith("Next:")


def test_a_fault_elsewhere_tells_what_memory_does() -> None:
    calm = replace(MEMORY, decision=Decision.STABLE, time_to_limit_s=None)
    assert "resident memory: stable, +70 MiB/h (66 to 74 MiB)" in last_screen(replace(DIAGNOSIS, findings=(calm, PEER)))


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Ending(at=0.0, cause="oom_killed"), "OOM kill"),
        (Ending(at=0.0, cause="signalled", signal=11), "signal 11"),
        (Ending(at=0.0, cause="exited", exit_status=7), "exit status 7"),
        (Ending(at=0.0, cause="unknown"), "not known"),
    ],
)
def test_how_the_target_ended_is_told(ending: Ending, words: str) -> None:
    assert any(words in line for line in last_screen(replace(DIAGNOSIS, ending=ending)))


def test_a_process_name_cannot_write_on_the_terminal() -> None:
    hostile = replace(DIAGNOSIS.subject, name="pay\x1b[2J\nments\u202e")
    text = "\n".join(last_screen(replace(DIAGNOSIS, subject=hostile, findings=(replace(PEER, reason="a\x07b"),))))
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert len(text.splitlines()) == len(last_screen(replace(DIAGNOSIS, findings=(PEER,))))


def test_a_sparkline_spans_its_values() -> None:
    assert sparkline([1, 2, 3]) == "▁▅█"
    assert sparkline([5, 5]) == "▁▁"
    assert sparkline([]) == ""


def test_the_live_line_shows_memory_against_its_limit_and_remembers_the_peers() -> None:
    peer = Column.of("connections", peer="10.0.0.5:5432", peer_kind="postgres", direction="out", state="ESTABLISHED")
    first, second = made_samples(
        {
            "rss_bytes": [64 * MIB, 65 * MIB],
            "limit_bytes": [512 * MIB, None],
            peer: [7.0, None],
            "connections": [7.0, None],
        }
    )
    line = LiveLine()
    line.add(first)
    line.add(second)
    text = line.text(second, 5.0, None)
    assert "65 MiB of 512 MiB" in text
    assert "7 to postgres 10.0.0.5:5432" in text
    assert "too early to say" in text
