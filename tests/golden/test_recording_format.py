"""The recording format is what its page says, and recordings of version 1 are read for ever."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from leakdoc.model.sample import Column
from leakdoc.model.trace import Ending, Facts
from leakdoc.sampling.recording import read_recording
from leakdoc.sampling.recording_schema import APPLICATION_ID, TABLES, VERSION
from leakdoc.testing.series import FIRST_AT, made_recording

HERE = Path(__file__).parent
PAGE = (HERE.parent.parent / "docs" / "recording-format.md").read_text(encoding="utf-8")


def test_the_page_shows_every_table_as_it_is() -> None:
    assert re.findall(r"```sql\n(.*?)\n```", PAGE, re.DOTALL) == list(TABLES.values())
    assert f"`0x{APPLICATION_ID:X}`" in PAGE
    assert f"version {VERSION}\n" in PAGE


def test_a_new_recording_has_the_tables_and_marks_of_the_page(tmp_path: Path) -> None:
    with closing(sqlite3.connect(made_recording(tmp_path / "r", []))) as opened:
        assert opened.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert opened.execute("PRAGMA user_version").fetchone() == (VERSION,)
        stored = opened.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rootpage").fetchall()
    assert [sql for (sql,) in stored] == list(TABLES.values())


def test_a_recording_of_version_1_is_still_read() -> None:
    trace = read_recording(HERE / "recording-v1.leakdoc")
    assert trace.subject.name == "payments"
    assert trace.times.tolist() == [FIRST_AT, FIRST_AT + 1, FIRST_AT, FIRST_AT + 1]
    assert [(life.pid, life.first, life.stop) for life in trace.lives] == [(7, 0, 2), (8, 2, 4)]
    assert trace.columns[Column("rss_bytes")].tolist() == [1.5, 2.5, 10.0, 20.0]
    assert trace.columns[Column.of("connections", peer="10.0.0.5:5432")].tolist()[:2] == [3.0, 4.0]
    assert trace.facts == Facts(
        limit_bytes=2.0**29,
        unavailable={"swap_bytes": "denied"},
        blind_spots=("private_bytes of 1 of 2 processes: denied",),
        ending=Ending(at=FIRST_AT + 2, cause="signalled", signal=9),
    )
