"""What a dump of stacks says: who waits in a checkout, and that an event loop hides its tasks."""

from __future__ import annotations

from typing import Any

import pytest

from leakdoc.attach.stacks import runs_tasks, said, waiting_places


def thread(*frames: tuple[str, int, str]) -> dict[str, Any]:
    return {"frames": [{"filename": file, "line": line, "name": name} for file, line, name in frames]}


LIBRARY = "/usr/lib/python3/dist-packages"
WAITS = thread(
    (f"{LIBRARY}/psycopg_pool/pool.py", 200, "wait"),
    (f"{LIBRARY}/psycopg_pool/pool.py", 180, "getconn"),
    ("/app/charge.py", 7, "charge"),
)
LOOP = thread(
    ("/usr/lib/python3.11/selectors.py", 468, "select"),
    ("/usr/lib/python3.11/asyncio/base_events.py", 1898, "_run_once"),
    ("/app/serve.py", 90, "<module>"),
)


def test_a_checkout_is_told_by_the_line_that_asked() -> None:
    assert list(waiting_places([WAITS, LOOP])) == [("/app/charge.py", 7, "charge")]


def test_a_loop_is_known_by_what_runs_it() -> None:
    assert runs_tasks(LOOP)
    assert not runs_tasks(WAITS)
    assert not runs_tasks(thread())


TRACE = "\nStack backtrace:\n   0: <E as anyhow::context::ext::StdError>::ext_context\n   1: main\n"
NESTED = "Error: No executable name.\n\nCaused by:\n    0: Outer\n    1: Permission denied (os error 13)\n"


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        (NESTED + TRACE, "No executable name. (Permission denied (os error 13))"),
        ("Error: It failed\n\nCaused by:\n    No such file\n", "It failed (No such file)"),
        (
            f"Error: Failed to find python version from target process\n{TRACE}",
            "Failed to find python version from target process",
        ),
        ("", "it said nothing"),
    ],
)
def test_a_complaint_of_py_spy_is_told_without_its_own_stack(complaint: str, words: str) -> None:
    assert said(complaint) == words
